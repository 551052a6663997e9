// Shows a term's meaning where it is pointed at or focused. Escape hides it; the pointer may move onto it.
const tip = document.getElementById("tip");
let described;
let hiding;

function showMeaning(term) {
	clearTimeout(hiding);
	hideMeaning();
	described = term;
	tip.textContent = document.querySelector(`${term.getAttribute("href")} dd`).textContent;
	tip.hidden = false;
	term.setAttribute("aria-describedby", "tip");
	const { left, bottom, top } = term.getBoundingClientRect();
	const room = document.documentElement.clientWidth - tip.offsetWidth - 8;
	const isBelow = bottom + tip.offsetHeight + 8 < innerHeight;
	tip.style.left = `${scrollX + Math.max(8, Math.min(left, room))}px`;
	tip.style.top = `${scrollY + (isBelow ? bottom + 4 : top - tip.offsetHeight - 4)}px`;
}

function hideMeaning() {
	described?.removeAttribute("aria-describedby");
	described = undefined;
	tip.hidden = true;
}

const hideSoon = () => {
	clearTimeout(hiding);
	hiding = setTimeout(hideMeaning, 200);
};

const termAt = ({ target }) => (target instanceof Element ? target.closest("a.term") : undefined);

for (const begin of ["pointerover", "focusin"]) {
	document.addEventListener(begin, (event) => {
		const term = termAt(event);
		if (term && term !== described) showMeaning(term);
		if (term || event.target === tip) clearTimeout(hiding);
	});
}
for (const end of ["pointerout", "focusout"]) {
	document.addEventListener(end, (event) => (termAt(event) || event.target === tip) && hideSoon());
}
document.addEventListener("keydown", ({ key }) => key === "Escape" && hideMeaning());
