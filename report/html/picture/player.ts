/** The buttons that play a picture's steps one by one; player.js makes them work. */
import { type Markup, markup } from "../markup.ts";

export const player =
	(): Markup => markup`<div class="controls"><div class="player" role="toolbar" aria-label="Play the steps" hidden>
<button type="button" data-play="back"><span aria-hidden="true">◀ </span>Previous step</button>
<button type="button" data-play="next">Next step<span aria-hidden="true"> ▶</span></button>
<button type="button" data-play="play">Play</button>
<button type="button" data-play="all">Show all</button>
<span class="keys">or the arrow keys</span></div>
<div id="step" aria-live="polite" hidden></div></div>`;
