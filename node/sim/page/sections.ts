/** The page below its head: sections that the client script fills, with what a reader needs to understand each. Pure. */
export interface Body {
  readonly head: string;
  readonly faults: string;
  readonly spread: string;
  /** Whether single messages were kept. */
  readonly small: boolean;
  readonly end: string;
}

export function body({ head, faults, spread, small, end }: Body): string {
  return `<a class="skip" href="#main">Skip to the pictures</a>
${head}
<nav aria-label="On this page"><a href="#time">Over time</a><a href="#tasks">Tasks</a><a href="#network-section">Network</a>${small ? '<a href="#messages">Messages</a>' : ""}<a href="#faults">Faults</a><a href="#spread">Spread</a><a href="#scenario">Scenario</a></nav>
<main id="main">
<noscript><p class="breach">The pictures are drawn by a script inside this file, and scripts are off.</p></noscript>
<section id="time">
<div class="title"><h2>Over time</h2><button type="button" id="span" class="plain"></button></div>
<p class="quiet">Time zero is when the trouble begins: the peers have met. Shaded: <i class="shade down"></i> peers down, <i class="shade cut"></i> cut off, <i class="shade stalled"></i> slow or paused, <i class="shade noise"></i> other faults. Drag to look closer, double-click to go back, click to see the network then.</p>
<div id="charts"></div>
</section>
<section id="tasks">
<div class="title"><h2>Tasks</h2><p id="lanes-count" role="status"></p></div>
<p class="quiet">A row each. Click one, or press Enter on it, for its story: who was asked, who bid what, why the winner won. The arrow keys go from row to row.</p>
<div class="controls">
<div id="lanes-filters" role="group" aria-label="Show only"></div>
<label>Find <input type="search" id="lanes-search" placeholder="task, skill, peer" spellcheck="false"></label>
<label>Order <select id="lanes-order"><option value="time">as submitted</option><option value="slow">slowest first</option><option value="attempts">most attempts first</option><option value="messages">most messages first</option></select></label>
<label>Time <select id="lanes-align"><option value="clock">by the clock</option><option value="own">since each was submitted</option></select></label>
</div>
<div class="keys" id="lanes-legend"></div>
<table role="table" class="lanes" aria-label="Tasks">
<thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">task</th><th role="columnheader" scope="col">outcome</th><th role="columnheader" scope="col" class="number">took</th><th role="columnheader" scope="col" class="picture"><span class="hidden">picture</span><div id="lanes-axis"></div></th></tr></thead>
<tbody role="rowgroup" id="lanes-body"></tbody>
</table>
</section>
<section id="network-section">
<h2>Network</h2>
<p class="quiet">Who is up, who can reach whom, and who works for whom, at one instant.<span id="network-omitted"></span></p>
<div class="controls">
<button type="button" id="network-play">Play</button>
<button type="button" id="network-back" aria-label="Change before">‹</button>
<button type="button" id="network-on" aria-label="Change after">›</button>
<label class="wide"><span class="hidden">Instant</span><input type="range" id="network-time" min="0" max="1000" value="0"></label>
<output id="network-now" for="network-time"></output>
</div>
<p id="network-said" role="status"></p>
<div id="network"></div>
<div class="keys"><span><i class="dot idle"></i>up</span><span><i class="dot busy"></i>working</span><span><i class="dot stalled"></i>slow or paused</span><span><i class="dot down"></i>down</span><span><i class="dot cut"></i>cut off</span><span><i class="dash work"></i>works for</span><span><i class="dash severed"></i>cut connection</span></div>
<div id="network-works"></div>
</section>
${small ? MESSAGES : ""}
<section id="faults"><h2>Faults</h2>
${faults}
</section>
<section id="spread"><h2>Spread</h2><div class="pair">${spread}</div></section>
<section id="scenario"><h2>Scenario</h2>${end}</section>
</main>
<dialog id="story" aria-labelledby="story-title">
<div class="bar"><h2 id="story-title"></h2><button type="button" id="story-back" aria-label="Task before">‹</button><button type="button" id="story-on" aria-label="Task after">›</button><button type="button" id="story-close">Close</button></div>
<div id="story-body" tabindex="-1" autofocus></div>
</dialog>`;
}

const MESSAGES = `<section id="messages"><h2>Messages</h2>
<p class="quiet">What the peers said to each other about one task.</p>
<div class="controls"><label>Task <select id="sequence-task"></select></label></div>
<div id="sequence"></div>
</section>`;
