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

/** Of the Service's views, only this one's matrix and rules are visible. */
function showView(index) {
	for (const part of document.querySelectorAll("[data-view]")) part.hidden = Number(part.dataset.view) !== index;
	for (const choice of document.querySelectorAll('[name="view"]')) choice.checked = Number(choice.value) === index;
	const list = element("view");
	if (list) list.selectedIndex = index;
}

/** The client's requests in a view. */
const requestsOf = (client, view) =>
	[...requests.keys()].filter((index) => requests[index].client === client && requests[index].view === view);

function select(index) {
	selected = index;
	const { client, target, title, lesson, branches, picture, hits, view } = requests[index];
	if (view !== undefined) showView(view);
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
		requestsOf(client, view).map((own) => requests[own].target),
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

function selectByLists() {
	const own = requestsOf(element("client").value, requests[selected].view);
	const target = element("target").value;
	// Not every client sends requests to every target, or in every view.
	const index = own.find((index) => requests[index].target === target) ?? own[0];
	selectAndLink(index ?? requests.findIndex(({ client }) => client === element("client").value));
}

/** The same request in another view: a client's requests have the same order in all views. */
function selectView(view) {
	const { client, view: before } = requests[selected];
	const place = requestsOf(client, before).indexOf(selected);
	const own = requestsOf(client, view);
	selectAndLink(own[place] ?? own[0] ?? requests.findIndex((request) => request.view === view));
}

if (requests.length > 0) {
	options(element("client"), [...new Set(requests.map(({ client }) => client))]);
	element("client").addEventListener("change", selectByLists);
	element("target").addEventListener("change", selectByLists);
	element("branch").addEventListener("change", ({ target }) =>
		showPicture(requests[selected].picture + target.selectedIndex),
	);
	element("view")?.addEventListener("change", ({ target }) => selectView(target.selectedIndex));
	for (const choice of document.querySelectorAll('[name="view"]'))
		choice.addEventListener("change", () => selectView(Number(choice.value)));
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
