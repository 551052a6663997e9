/** Programs that run in the page and return what is wrong with its look. */

/** Texts of the picture that are cut off, or that lie on another text or on an arrow's head. */
export const overlaps = `(() => {
	const solid = [...document.querySelectorAll("#picture :is(.place, .head, .what, .where)")].filter((part) => part.getClientRects().length > 0);
	const boxes = solid.map((part) => [part, part.getBoundingClientRect()]);
	const near = document.getElementById("picture").getBoundingClientRect();
	const cut = boxes.filter(([part, box]) => part.scrollWidth > part.clientWidth + 1 || box.left < near.left - 1 || box.right > near.right + 1);
	const pairs = boxes.flatMap(([part, box], i) => boxes.slice(i + 1).flatMap(([other, its]) =>
		box.left < its.right - 1 && its.left < box.right - 1 && box.top < its.bottom - 1 && its.top < box.bottom - 1
			? part.textContent + " / " + other.textContent : []));
	return [...cut.map(([part]) => part.textContent), ...pairs];
})()`;

/** Choices of a family and protocol that lie on each other, leave their box, or are too small to hit with a finger. */
export const chooserFaults = `(() => {
	const box = document.querySelector(".views").getBoundingClientRect();
	const labels = [...document.querySelectorAll(".views label")].map((label) => [label.textContent.trim(), label.getBoundingClientRect()]);
	if (labels.length < 2) throw new Error("there is no choice");
	const outside = labels.filter(([, its]) => its.left < box.left || its.right > box.right || its.top < box.top || its.bottom > box.bottom);
	const small = labels.filter(([, its]) => its.height < 24);
	const pairs = labels.flatMap(([text, one], i) => labels.slice(i + 1).flatMap(([other, its]) =>
		one.left < its.right && its.left < one.right && one.top < its.bottom && its.top < one.bottom ? text + " / " + other : []));
	return [...outside, ...small].map(([text]) => text).concat(pairs);
})()`;

/** Texts whose contrast is below 4.5, by the formula of WCAG 2 (relative luminance), with the contrast. */
export const faintText = `(() => {
	const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
	const rgba = (color) => {
		paint.clearRect(0, 0, 1, 1);
		paint.fillStyle = color;
		paint.fillRect(0, 0, 1, 1);
		return [...paint.getImageData(0, 0, 1, 1).data];
	};
	const luminance = (color) => {
		const [r, g, b] = color.map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const behind = (element) => {
		for (let at = element; at; at = at.parentElement) {
			const color = rgba(getComputedStyle(at).backgroundColor);
			if (color[3] === 255) return color;
		}
		// Bands and the page lie behind the picture without containing it: the less favorable one counts.
		throw new Error("the page has no background");
	};
	const raised = rgba(getComputedStyle(document.querySelector(".card:not(.open)")).backgroundColor);
	const contrast = (one, other) => {
		const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
		return (light + 0.05) / (dark + 0.05);
	};
	const texts = [...document.querySelectorAll("body *")].filter((element) =>
		element.getClientRects().length > 0 && !element.closest("select, :disabled, .unseen, script") &&
		[...element.childNodes].some(({ nodeType, data }) => nodeType === 3 && data.trim() !== ""));
	const measured = texts.map((element) => {
		const color = rgba(getComputedStyle(element).color);
		const grounds = [behind(element), ...(element.closest("#picture .address") ? [raised] : [])];
		return [element.textContent.slice(0, 60), Math.min(...grounds.map((ground) => contrast(color, ground)))];
	});
	if (measured.length < 100) throw new Error("only " + measured.length + " texts found");
	return measured.filter(([, ratio]) => ratio < 4.5);
})()`;
