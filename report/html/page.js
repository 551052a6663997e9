// Shows the path of the cell that is chosen, by the lists, a cell of a matrix or the address. Runs in the report's page.
const { first, cells } = JSON.parse(document.getElementById("choices").textContent);
const element = (id) => document.getElementById(id);

const options = (select, names) => select.replaceChildren(...names.map((name) => new Option(name)));

function show(name, index) {
	element(name).replaceChildren(element(`${name}-${index}`).content.cloneNode(true));
}

function markRules(hits) {
	for (const rule of document.querySelectorAll("details.rules li"))
		rule.classList.toggle("hit", hits.includes(rule.id));
	for (const node of document.querySelectorAll("details.rules")) {
		const count = node.querySelectorAll(".hit").length;
		node.open = count > 0;
		node.querySelector(".count").textContent = count > 0 ? `, ${count} of them hit` : "";
	}
}

function choose(index) {
	const { client, target, title, picture, hits } = cells[index];
	show("picture", picture);
	show("words", index);
	element("chosen").textContent = title;
	element("subject").textContent = title;
	markRules(hits);
	for (const button of document.querySelectorAll("[data-cell]")) {
		button.setAttribute("aria-pressed", String(Number(button.dataset.cell) === index));
	}
	element("client").value = client;
	options(
		element("target"),
		cells.filter((cell) => cell.client === client).map((cell) => cell.target),
	);
	element("target").value = target;
}

/** Also kept in the address, so that a link to it can be passed on. */
function chooseByHand(index) {
	choose(index);
	history.replaceState(null, "", `#cell-${index}`);
}

const indexOf = (client, target) => cells.findIndex((cell) => cell.client === client && cell.target === target);

function chooseByLists() {
	const client = element("client").value;
	const index = indexOf(client, element("target").value);
	// Not everybody asks everything.
	chooseByHand(index < 0 ? cells.findIndex((cell) => cell.client === client) : index);
}

if (cells.length > 0) {
	options(element("client"), [...new Set(cells.map(({ client }) => client))]);
	element("client").addEventListener("change", chooseByLists);
	element("target").addEventListener("change", chooseByLists);
	document.addEventListener("click", ({ target }) => {
		const button = target.closest("[data-cell]");
		if (!button) return;
		chooseByHand(Number(button.dataset.cell));
		element("path").scrollIntoView();
	});
	const named = () => Number(/^#cell-(\d+)$/.exec(location.hash)?.[1] ?? -1);
	window.addEventListener("hashchange", () => named() in cells && choose(named()));
	choose(named() in cells ? named() : first);
}
