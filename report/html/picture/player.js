// Plays the steps of the picture: with buttons, with the arrow keys, or one after the other.
const player = {
	/** Index of the last step that is shown; -1: all are. */
	at: -1,
	timer: undefined,
	/** Milliseconds per step. */
	pause: 2600,
};
const calm = matchMedia("(prefers-reduced-motion: reduce)");

const stepsShown = () => [...document.querySelectorAll("#picture li")];
const buttonOf = (name) => document.querySelector(`[data-play="${name}"]`);

function showStep(at) {
	const steps = stepsShown();
	player.at = Math.min(at, steps.length - 1);
	for (const [i, step] of steps.entries()) {
		step.classList.toggle("later", player.at >= 0 && i > player.at);
		step.classList.toggle("current", i === player.at);
	}
	document.querySelector(".controls").classList.toggle("stepping", player.at >= 0);
	describe(steps);
	steps[player.at]?.scrollIntoView({ block: "nearest" });
}

function overview(steps) {
	const replies = steps.filter((step) => step.matches(".reply")).length;
	const reply = replies > 0 ? " Dashed: the reply, whose rewrites are reversed." : "";
	return `${steps.length} steps, from top to bottom. Boxes show what changes: the old address is struck out, the new one follows.${reply}`;
}

/** The step's sentence and rule. */
function describe(steps) {
	const box = document.getElementById("step");
	const step = steps[player.at];
	const text = document.createElement("p");
	text.textContent = step
		? `Step ${player.at + 1} of ${steps.length}: ${step.querySelector(".text").textContent}`
		: overview(steps);
	const rule = step?.querySelector("code")?.cloneNode(true);
	if (rule) rule.hidden = false;
	box.replaceChildren(text, ...(rule ? [rule] : []));
	buttonOf("back").disabled = player.at <= 0;
	buttonOf("next").disabled = player.at === steps.length - 1;
	buttonOf("all").disabled = player.at < 0;
}

function stopPlaying() {
	clearInterval(player.timer);
	player.timer = undefined;
	buttonOf("play").textContent = "Play";
}

function play() {
	const last = stepsShown().length - 1;
	showStep(player.at < 0 || player.at === last ? 0 : player.at);
	buttonOf("play").textContent = "Pause";
	player.timer = setInterval(() => {
		showStep(player.at + 1);
		if (player.at === last) stopPlaying();
	}, player.pause);
}

const actions = {
	back: () => showStep(Math.max(0, player.at - 1)),
	next: () => showStep(player.at + 1),
	first: () => showStep(0),
	all: () => showStep(-1),
};

function act(name) {
	const isPlaying = player.timer !== undefined;
	stopPlaying();
	if (name !== "play") actions[name]();
	else if (!isPlaying) play();
}

/** Another picture is shown. */
function restart() {
	stopPlaying();
	const isEmpty = stepsShown().length === 0;
	document.querySelector(".player").hidden = isEmpty;
	document.getElementById("step").hidden = isEmpty;
	showStep(-1);
}

if (document.getElementById("picture")) {
	// Steps that follow each other by themselves are motion.
	const follow = () => {
		buttonOf("play").hidden = calm.matches;
		stopPlaying();
	};
	follow();
	calm.addEventListener("change", follow);
	const keys = { ArrowRight: "next", ArrowLeft: "back", Home: "first", End: "all", Escape: "all" };
	document.getElementById("path").addEventListener("keydown", (event) => {
		if (event.target.matches("select") || event.ctrlKey || event.altKey || event.metaKey) return;
		const name = keys[event.key];
		if (!name) return;
		event.preventDefault();
		act(name);
	});
	document.querySelector(".player").addEventListener("click", ({ target }) => {
		const name = target.closest("[data-play]")?.dataset.play;
		if (name) act(name);
	});
	document.addEventListener("picture", restart);
	if (stepsShown().length > 0) restart();
}
