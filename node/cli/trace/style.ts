/** How the page of a trace looks. The colours tell kinds apart in light and dark, and differ in lightness too. */
export const STYLE = `
:root { color-scheme: light dark; --paper: #fbfaf8; --ink: #23211e; --quiet: #78736b; --line: #e4e0d8; --lane: #f3f0ea;
  --storing: #a9a297; --auction: #5b8def; --awarding: #b07fd8; --work: #3d9a6b; --run: #7cc4a0; --deciding: #d59a3a;
  --good: #23774c; --bad: #c2412d; --key: #3667c8; --plain: #8b857b; --on: #ffffff; }
@media (prefers-color-scheme: dark) { :root { --paper: #191a1c; --ink: #e9e6e0; --quiet: #9a958c; --line: #34353a; --lane: #212226;
  --storing: #7d776d; --auction: #4d7cd6; --awarding: #9466c0; --work: #2f8559; --run: #4f9a78; --deciding: #b67f28;
  --good: #5cc48d; --bad: #f0826f; --key: #86abf5; --plain: #a29c92; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 2rem 1.5rem 4rem; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0; font-weight: 650; } h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
header p { margin: .2rem 0; color: var(--quiet); } code { font: .85em ui-monospace, monospace; overflow-wrap: anywhere; }
.status { font-size: .6em; vertical-align: middle; padding: .2em .7em; border-radius: 1em; color: var(--paper); }
.status.good { background: var(--good); } .status.bad { background: var(--bad); } .status.key { background: var(--key); }
figure { margin: 1.5rem 0 0; overflow-x: auto; } figure svg { display: block; min-width: 46rem; width: 100%; height: auto; }
figcaption { display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; margin-top: .5rem; color: var(--quiet); font-size: .85rem; }
figcaption i { display: inline-block; width: .8em; height: .8em; border-radius: .2em; margin-right: .4em; vertical-align: -.05em; }
figcaption i.dot { border-radius: 50%; } i.good { background: var(--good); } i.bad { background: var(--bad); } i.key { background: var(--key); }
.key-storing { background: var(--storing); } .key-auction { background: var(--auction); } .key-awarding { background: var(--awarding); }
.key-work { background: var(--work); } .key-run { background: var(--run); } .key-deciding { background: var(--deciding); }
svg text { font: 12px system-ui, sans-serif; fill: var(--ink); } svg .role, svg .tick { font-size: 11px; fill: var(--quiet); } svg .peer { font: 12px ui-monospace, monospace; }
svg .band { fill: var(--lane); } svg .grid { stroke: var(--line); } svg .span text { fill: var(--on); font-size: 11px; font-weight: 600; }
svg .storing rect { fill: var(--storing); } svg .auction rect { fill: var(--auction); } svg .awarding rect { fill: var(--awarding); }
svg .work rect { fill: var(--work); } svg .run rect { fill: var(--run); } svg .deciding rect { fill: var(--deciding); }
svg .span.bad rect.body { stroke: var(--bad); stroke-width: 2; stroke-dasharray: 4 3; fill-opacity: .75; }
svg .mark { stroke: var(--paper); stroke-width: 1.5; } svg .mark.good { fill: var(--good); } svg .mark.bad { fill: var(--bad); }
svg .mark.key { fill: var(--key); } svg .mark.plain { fill: var(--plain); } svg .award { stroke: var(--awarding); stroke-width: 1.5; fill: none; } svg .head { fill: var(--awarding); }
table { border-collapse: collapse; width: 100%; font-size: .9rem; } td, th { padding: .28rem .6rem .28rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
th { color: var(--quiet); font-weight: 500; } .bids td:nth-child(n+3), .bids th:nth-child(n+3), .at { text-align: right; font-variant-numeric: tabular-nums; }
.at, .type { white-space: nowrap; color: var(--quiet); } .type { font: .85em/1.75 ui-monospace, monospace; padding-right: 1rem; } .story td:last-child { overflow-wrap: anywhere; }
.bids { table-layout: fixed; } .bids td { overflow-wrap: anywhere; } .bids td:first-child { white-space: nowrap; } .won td { font-weight: 650; } tr.good td:last-child { color: var(--good); } tr.bad td:last-child { color: var(--bad); } tr.key td:last-child { color: var(--key); } .bids tr td { color: inherit; }
`;
