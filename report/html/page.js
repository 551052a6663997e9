// Runs in the report's page: shows the path of the request that the lists, the matrix or the URL select.
const { first, requests } = JSON.parse(document.getElementById("requests").textContent);
const element = (id) => document.getElementById(id);

const options = (list, names) => list.replaceChildren(...names.map((name) => new Option(name)));

function show(name, index) {
	element(name).replaceChildren(element(`${name}-${index}`).content.cloneNode(true));
}

function showPicture(index) {
	show("picture", index);
	document.dispatchEvent(new Event("picture"));
}

function markRules(hits) {
	for (const rule of document.querySelectorAll("details.rules li"))
		rule.classList.toggle("hit", hits.includes(rule.id));
	for (const node of document.querySelectorAll("details.rules")) {
		const count = node.querySelectorAll(".hit").length;
		node.querySelector(".count").textContent = count > 0 ? `, ${count} of them act on the packet` : "";
	}
}

let selected = 0;

function select(index) {
	selected = index;
	const { client, target, title, lesson, branches, picture, hits } = requests[index];
	showPicture(picture);
	show("words", index);
	element("chosen").textContent = title;
	element("lesson").textContent = lesson;
	// The page begins with the first request's lesson.
	element("lesson").hidden = index === first;
	element("subject").textContent = title;
	markRules(hits);
	for (const button of document.querySelectorAll("[data-cell]")) {
		button.setAttribute("aria-pressed", String(Number(button.dataset.cell) === index));
	}
	element("client").value = client;
	options(
		element("target"),
		requests.filter((request) => request.client === client).map((request) => request.target),
	);
	element("target").value = target;
	options(element("branch"), branches);
	element("branches").hidden = branches.length === 0;
}

/** Stores the selection in the URL, so that users can share it. */
function selectAndLink(index) {
	select(index);
	history.replaceState(null, "", `#cell-${index}`);
}

const indexOf = (client, target) =>
	requests.findIndex((request) => request.client === client && request.target === target);

function selectByLists() {
	const client = element("client").value;
	const index = indexOf(client, element("target").value);
	// Not every client sends requests to every target.
	selectAndLink(index < 0 ? requests.findIndex((request) => request.client === client) : index);
}

if (requests.length > 0) {
	options(element("client"), [...new Set(requests.map(({ client }) => client))]);
	element("client").addEventListener("change", selectByLists);
	element("target").addEventListener("change", selectByLists);
	element("branch").addEventListener("change", ({ target }) =>
		showPicture(requests[selected].picture + target.selectedIndex),
	);
	document.addEventListener("click", ({ target }) => {
		const button = target.closest("[data-cell]");
		if (!button) return;
		selectAndLink(Number(button.dataset.cell));
		element("path").scrollIntoView();
	});
	const named = () => Number(/^#cell-(\d+)$/.exec(location.hash)?.[1] ?? -1);
	window.addEventListener("hashchange", () => named() in requests && select(named()));
	select(named() in requests ? named() : first);
}
