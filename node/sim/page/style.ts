/** How a page of a run looks, in light and dark; the palette is the one of a task's trace. Colours never stand alone: what they say, a shape or a word says too. */
const LIGHT = `--paper:#fbfaf8;--card:#ffffff;--ink:#23211e;--quiet:#6d685f;--line:#e4e0d8;--lane:#f3f0ea;
--auction:#4f82e4;--award:#a06fd0;--run:#3d9a6b;--decide:#c98a26;--bad:#c2412d;--good:#23774c;--key:#3667c8;
--good-soft:#e4f2ea;--bad-soft:#fbe9e5;--on:#ffffff;--focus:#3667c8;`;
const DARK = `--paper:#191a1c;--card:#202124;--ink:#e9e6e0;--quiet:#a39e95;--line:#36373c;--lane:#232428;
--auction:#5c8bea;--award:#a67bd4;--run:#3f9f70;--decide:#d09a3e;--bad:#ee7b67;--good:#5cc48d;--key:#8fb1f6;
--good-soft:#1d3128;--bad-soft:#3a221f;--on:#ffffff;--focus:#8fb1f6;`;

const GROUND = `:root{color-scheme:light dark;${LIGHT}}
@media(prefers-color-scheme:dark){:root{${DARK}}}
*{box-sizing:border-box}
html{scroll-padding-top:3.5rem;-webkit-text-size-adjust:100%}
body{margin:0 auto;max-width:84rem;padding:2.25rem 1.5rem 5rem;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif;font-variant-numeric:tabular-nums}
h1{font-size:2rem;line-height:1.2;margin:0;font-weight:680;letter-spacing:-.015em;overflow-wrap:anywhere}
h2{font-size:1.3rem;line-height:1.3;margin:0;font-weight:660;letter-spacing:-.008em}
h3{font-size:1rem;margin:1.75rem 0 .5rem;font-weight:640}h4{font-size:.92rem;margin:1rem 0 .25rem;font-weight:640}
p{margin:.35rem 0}
a,.link{color:var(--key)}
.quiet,.sub,small{color:var(--quiet)}.quiet{max-width:60rem}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:.5rem;background:var(--card);padding:.4rem .8rem;z-index:9}
:focus-visible{outline:2px solid var(--focus);outline-offset:2px;border-radius:4px}
code,pre{font:.88em/1.5 ui-monospace,SFMono-Regular,Menlo,monospace;overflow-wrap:anywhere}
pre{background:var(--lane);border-radius:8px;padding:.8rem 1rem;overflow:auto;max-height:28rem;white-space:pre-wrap}
button,select,input[type=search]{font:inherit;font-size:.9rem;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:7px;padding:.28rem .7rem;min-height:2.1rem}
button{cursor:pointer}button:hover:not([disabled]){border-color:var(--quiet)}button[disabled]{opacity:.4;cursor:default}
.link,.link:hover{background:none;border:0;padding:0;min-height:0;text-align:left;font-size:inherit;line-height:inherit;text-decoration:underline;text-underline-offset:2px}
summary{cursor:pointer;color:var(--quiet);font-size:.88rem;padding:.2rem 0}
section{margin-top:3.25rem}header section{margin-top:1.75rem}
.title{display:flex;flex-wrap:wrap;align-items:baseline;justify-content:space-between;gap:.25rem 1rem}.title p{margin:0;color:var(--quiet);font-size:.9rem}
.scroll{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;width:100%;font-size:.9rem}
caption{text-align:left;color:var(--quiet);font-size:.85rem;padding-bottom:.3rem}
td,th{padding:.34rem .9rem .34rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
thead th{color:var(--quiet);font-weight:500;font-size:.85rem}
.number{text-align:right;white-space:nowrap}
.controls{display:flex;flex-wrap:wrap;gap:.5rem .8rem;align-items:center;margin:.8rem 0}
.controls label{display:flex;gap:.45rem;align-items:center;font-size:.88rem;color:var(--quiet);min-width:0}.controls label>*{color:var(--ink);min-width:0}
.controls .wide{flex:1 1 12rem}.controls .wide input{width:100%;accent-color:var(--key);min-height:2rem}
.keys{display:flex;flex-wrap:wrap;gap:.25rem 1.05rem;font-size:.82rem;color:var(--quiet);margin:.5rem 0}
.keys span{display:inline-flex;align-items:center;gap:.4rem}
svg{display:block}svg text{font:12px system-ui,sans-serif;fill:var(--ink)}
svg .grid{stroke:var(--line);stroke-width:1}svg.axis text{font-size:11px;fill:var(--quiet)}`;

const HEAD = `.kicker{margin:0 0 .2rem;color:var(--quiet);font-size:.85rem;letter-spacing:.02em}
.lead{color:var(--quiet);overflow-wrap:anywhere}.lead strong{color:var(--ink)}
.verdict{margin:1.4rem 0 0;padding:.95rem 1.2rem 1rem;border-radius:12px;border:1px solid transparent}
.verdict>p{margin:0;font-size:1.15rem}
.verdict.good{background:var(--good-soft);border-color:color-mix(in srgb,var(--good) 30%,transparent)}.verdict.good>p{color:var(--good)}
.verdict.bad{background:var(--bad-soft);border-color:color-mix(in srgb,var(--bad) 40%,transparent)}.verdict.bad>p{color:var(--bad)}
.promises{list-style:none;margin:.5rem 0 0;padding:0;display:flex;flex-wrap:wrap;gap:.2rem 1.4rem;font-size:.9rem}
.promises li::before{content:"✓";display:inline-block;width:1.2em;font-weight:700;color:var(--good)}.promises li.bad::before{content:"✕";color:var(--bad)}.promises em{color:var(--bad);font-style:normal;font-weight:600}
.breach{background:var(--bad-soft);color:var(--bad);border-radius:8px;padding:.5rem .8rem;overflow-wrap:anywhere}
#breaches td:nth-child(2){overflow-wrap:anywhere}
.tiles{display:grid;grid-template-columns:repeat(4,1fr);gap:1px;margin:1.4rem 0 0;background:var(--line);border:1px solid var(--line);border-radius:12px;overflow:hidden}
.tiles>div{background:var(--card);padding:.85rem 1.1rem .95rem}
.tiles dt{font-size:.85rem;color:var(--quiet)}.tiles dd{margin:0}.tiles b{display:block;font-size:1.6rem;line-height:1.35;font-weight:640;letter-spacing:-.015em}
.tiles small{font-size:.6em;font-weight:400;letter-spacing:0}.tiles span{font-size:.85rem;color:var(--quiet);overflow-wrap:anywhere}
.again h2{font-size:1rem}.command{display:inline-block;user-select:all;background:var(--lane);border-radius:8px;padding:.5rem .9rem}
nav{position:sticky;top:0;z-index:5;display:flex;gap:.2rem 1.25rem;margin:2rem -1.5rem 0;padding:.65rem 1.5rem;background:color-mix(in srgb,var(--paper) 92%,transparent);backdrop-filter:blur(6px);border-bottom:1px solid var(--line);overflow-x:auto;scrollbar-width:none;font-size:.9rem}
nav a{color:var(--quiet);text-decoration:none;white-space:nowrap}nav a:hover{color:var(--ink);text-decoration:underline;text-underline-offset:4px}
main>section:first-of-type{margin-top:1.75rem}`;

const TIME = `figure{margin:0;min-width:0}#charts h3{margin:1.1rem 0 .1rem;font-size:.92rem}
.chart{min-height:180px;overflow:hidden}.chart .uplot{font-family:inherit;width:100%}
.u-legend{text-align:left;margin:0 0 .5rem 42px;font-size:.82rem;color:var(--quiet)}.u-legend th{font-weight:500}.u-legend td,.u-legend th{border:0;padding:.1rem .2rem}.u-legend .u-value{color:var(--ink);min-width:4.5em;text-align:left}
.u-legend.u-inline,.u-legend.u-inline tbody{display:flex;flex-wrap:wrap}.u-legend .u-series:first-child{order:9}.u-legend .u-series:first-child th{display:none}.u-legend .u-marker{border-radius:2px;width:.8em;height:.8em}.u-inline.u-live th::after{content:""}.u-hz .u-cursor-x{border-right:1px solid var(--quiet)}.u-select{background:color-mix(in srgb,var(--key) 18%,transparent)}
.u-over{cursor:crosshair}
.shade{display:inline-block;width:1.1em;height:.85em;border-radius:2px;vertical-align:-.06em}
.shade{opacity:.35}.shade.down{background:var(--bad)}.shade.cut{background:var(--decide)}.shade.stalled{background:var(--award)}.shade.noise{background:var(--quiet)}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(22rem,100%),1fr));gap:0 2.5rem}
.histogram{width:100%;max-width:42rem;height:auto}.histogram rect{fill:var(--auction)}.histogram .rest{fill:var(--quiet)}.histogram text{font-size:11px;fill:var(--quiet)}.histogram .floor{stroke:var(--quiet)}
.histogram line.pointer{stroke:var(--ink);stroke-dasharray:3 3}.histogram text.pointer{fill:var(--ink)}`;

const TASKS = `.chip{border-radius:99px;margin:0 .4rem .4rem 0}.chip .count{color:var(--quiet)}
.chip[aria-pressed=true]{background:var(--ink);color:var(--paper);border-color:var(--ink)}.chip[aria-pressed=true] .count{color:inherit;opacity:.75}
#lanes-filters{flex:1 1 100%;margin-bottom:-.4rem}#lanes-search{width:12rem}
.lanes{table-layout:fixed;margin-top:.3rem}
.lanes tbody tr{cursor:pointer;content-visibility:auto;contain-intrinsic-size:auto 48px}.lanes tbody tr:hover{background:var(--lane)}
.lanes td,.lanes th{padding:.28rem .7rem .28rem .4rem;vertical-align:middle;font-weight:400}
.lanes th:first-child{width:13.5rem}.lanes th:nth-child(2){width:9.5rem}.lanes th:nth-child(3){width:6.5rem}.lanes .picture{padding:0;vertical-align:middle}
.lanes thead th{position:sticky;top:2.75rem;background:var(--paper);z-index:3;vertical-align:bottom}
.lanes .sub{display:block;font-size:.78rem;line-height:1.3;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.lanes td .sub{white-space:normal}
.lanes .broken{box-shadow:inset 3px 0 var(--bad)}
.task{background:none;border:0;padding:0;min-height:0;font-weight:620;text-align:left;max-width:100%;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;display:block}
tr:hover .task{text-decoration:underline;text-underline-offset:3px}
.badge{display:inline-block;font-size:.8rem;line-height:1.35;padding:.06rem .55rem;border-radius:99px;background:var(--bad-soft);color:var(--bad)}
.badge.done{background:var(--good-soft);color:var(--good)}.badge.cancelled{background:var(--lane);color:var(--quiet)}
.base{stroke:var(--quiet);stroke-opacity:.45}
.bar.auction rect{fill:var(--auction)}.bar.award rect{fill:var(--award)}.bar.run rect{fill:var(--run)}.bar.decide rect{fill:var(--decide)}
.bar.run.bad rect{fill:var(--bad-soft);stroke:var(--bad);stroke-width:1.2;stroke-dasharray:3 2}.bar.auction.bad rect{fill-opacity:.4}.bar.award.bad rect{fill-opacity:.4}
.bar text{font-size:11px;font-weight:600;fill:var(--on)}.bar.bad text{fill:var(--bad)}
.mark{fill:none;stroke:var(--bad);stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
.mark.again,.mark.taken,.mark.moved{fill:var(--award);stroke:var(--card);stroke-width:1.5}.mark.taken{fill:var(--decide)}.mark.moved{fill:var(--key)}
.late{opacity:.4}.mark.done{stroke:var(--good);stroke-width:2.2}.mark.failed,.mark.proof{fill:var(--bad);stroke:var(--card);stroke-width:1.2}`;

const STORY = `dialog{color:inherit;background:var(--paper);border:0;border-left:1px solid var(--line);margin:0 0 0 auto;width:min(54rem,100vw);max-width:100vw;height:100dvh;max-height:100dvh;padding:0;overflow:hidden}
dialog[open]{display:flex;flex-direction:column}dialog::backdrop{background:rgb(0 0 0/.42)}
dialog .bar{display:flex;gap:.4rem;align-items:center;padding:.8rem 1.4rem;border-bottom:1px solid var(--line)}dialog .bar h2{flex:1;min-width:0;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
#story-body{overflow:auto;padding:1rem 1.4rem 3rem;flex:1;overscroll-behavior:contain}#story-body:focus-visible{outline:0}
.facts dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.12rem 1rem;margin:.7rem 0;font-size:.92rem}.facts dt{color:var(--quiet)}.facts dd{margin:0;overflow-wrap:anywhere}
.lanes-of-task{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.6rem .8rem .3rem;margin:.9rem 0;overflow:hidden}.lanes-of-task .under{margin-left:118px}.lanes-of-task .name{font-size:12px}
.round{margin:0;padding:.1rem 0 .7rem 1rem;border-left:2px solid var(--line)}.round h4{margin-top:.4rem}
.why{margin:.5rem 0}.why strong{color:var(--key)}.refusals{margin:.4rem 0;padding-left:1.1rem}
.bids td:nth-child(n+3),.bids th:nth-child(n+3){text-align:right;white-space:nowrap}.won td{font-weight:660}.bids td{white-space:nowrap;max-width:16rem;overflow:hidden;text-overflow:ellipsis}
.log td:first-child{text-align:right;white-space:nowrap;color:var(--quiet)}.log td:nth-child(2),.log td:nth-child(3){white-space:nowrap}.log td:nth-child(3){color:var(--quiet);font:.85em/1.7 ui-monospace,monospace}.log td:last-child{overflow-wrap:anywhere;min-width:16rem}
.log .good td:last-child{color:var(--good)}.log .bad td:last-child{color:var(--bad)}.log .key td:last-child{color:var(--key)}
.sequence .life{stroke:var(--line);stroke-width:1.5}.sequence .who{fill:var(--lane);stroke:var(--line)}.sequence text{font-size:11.5px;paint-order:stroke;stroke:var(--paper);stroke-width:3px}.sequence .who+text{stroke:none;font-weight:600}
.sequence .when{fill:var(--quiet)}.sequence .said path{stroke:var(--quiet);fill:none;stroke-width:1.4}.sequence marker path{fill:context-stroke;stroke:none}
.sequence .cfp path,.sequence .propose path,.sequence .refuse path{stroke:var(--auction)}.sequence .accept-proposal path,.sequence .agree path{stroke:var(--award)}.sequence .accept path,.sequence .accepted path,.sequence .decided path{stroke:var(--decide)}`;

const NETWORK = `#network{background:var(--card);border:1px solid var(--line);border-radius:12px;overflow:hidden;min-height:300px}
#network-now{font-weight:640;min-width:5.5rem;text-align:right}#network-said{min-height:1.5em;overflow-wrap:anywhere}
.edge{stroke:var(--quiet);stroke-opacity:.22}.edge.gone{stroke-opacity:.06}.edge.severed{stroke:var(--bad);stroke-opacity:.45;stroke-dasharray:2 5}
line.work{stroke:var(--run);stroke-width:2.5;stroke-linecap:round}
.peer .body{fill:var(--card);stroke:var(--ink);stroke-width:1.75}.peer.busy .body{fill:var(--run);stroke:var(--run)}.peer.down .body{fill:var(--bad-soft);stroke:var(--bad);stroke-dasharray:3 3}.peer.stalled .body{stroke:var(--award);stroke-width:4}
.peer .cross{stroke:var(--bad);stroke-width:2;fill:none;stroke-linecap:round}.peer .ring{fill:none;stroke:var(--decide);stroke-width:2;stroke-dasharray:5 4}
.peer .count{fill:var(--on);font-weight:660}.peer .name{paint-order:stroke;stroke:var(--card);stroke-width:3.5px}.peer .task{fill:var(--run);font-weight:620}.peer.down .name{fill:var(--quiet)}
.dot{width:.85em;height:.85em;border-radius:50%;border:2px solid var(--ink);display:inline-block}.dot.busy{background:var(--run);border-color:var(--run)}.dot.stalled{border-width:3.5px;border-color:var(--award)}.dot.down{border:2px dashed var(--bad);background:var(--bad-soft)}.dot.cut{border:2px dashed var(--decide)}
.dash{width:1.5em;height:0;border-top:2.5px solid var(--run);display:inline-block}.dash.severed{border-top:2px dotted var(--bad)}
#network-works{margin-top:.8rem;min-height:6rem}#network-works table,#faults table{width:auto;min-width:min(100%,34rem)}#faults td,#faults th{padding-right:1.8rem}#faults .number{min-width:4.5rem}`;

const NARROW = `@media(max-width:46rem){body{padding:1.4rem 1rem 4rem}h1{font-size:1.6rem}nav{margin:1.6rem -1rem 0;padding:.65rem 1rem}
.tiles{grid-template-columns:1fr 1fr}.tiles>div{padding:.7rem .85rem}.tiles b{font-size:1.3rem}
.lanes,.lanes tbody,.lanes thead{display:block}.lanes tr{display:grid;grid-template-columns:minmax(0,1fr) auto auto;align-items:center}
.lanes tbody tr{border-bottom:1px solid var(--line);padding:.3rem 0;contain-intrinsic-size:auto 84px}.lanes td,.lanes th{border:0;padding:.1rem .3rem}.lanes th:first-child,.lanes th:nth-child(2),.lanes th:nth-child(3){width:auto}
.lanes .picture{grid-column:1/-1}.lanes thead th:not(.picture){display:none}.lanes thead{position:sticky;top:2.7rem;background:var(--paper);z-index:3;border-bottom:1px solid var(--line)}.lanes thead th{position:static}
.lanes td:nth-child(2) .sub{max-width:8rem}
dialog .bar{padding:.6rem 1rem}#story-body{padding:.8rem 1rem 2.5rem}#lanes-search{width:11rem}.controls .wide{order:9;flex-basis:100%}}
@media(prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
@media print{nav,.controls,#span{display:none}}`;

export const STYLE = [GROUND, HEAD, TIME, TASKS, STORY, NETWORK, NARROW].join("\n");
