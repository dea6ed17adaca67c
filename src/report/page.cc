#include "report/page.h"

namespace chorus::report {

const std::string_view kStyle = R"page(
:root { --ink: #21262f; --grey: #565d69; --line: #e2e5ea; --right: #14663a; --wrong: #a5281f; --blue: #296bb8; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 70rem; padding: 1rem; font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: #fff; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; border-bottom: 1px solid var(--line); }
nav a { margin-right: .8rem; white-space: nowrap; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .87rem; }
th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th { white-space: nowrap; } .n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
td { max-width: 28rem; overflow-wrap: break-word; }
img { max-width: 100%; height: auto; }
:focus-visible { outline: 3px solid var(--blue); outline-offset: 2px; }
summary { cursor: pointer; padding: .3rem 0; }
.warnings { border-left: 4px solid var(--wrong); background: #fdf3f2; padding: .5rem .8rem; margin: 1rem 0; overflow-wrap: anywhere; }
.warnings ul { margin: .3rem 0; padding-left: 1.2rem; }
.note, .small { color: var(--grey); font-size: .85rem; }
.bar { display: flex; flex-wrap: wrap; gap: .5rem; margin: .5rem 0; }
.bar input, .bar select, .bar button { font: inherit; padding: .3rem .5rem; max-width: 100%; }
.bar input { flex: 1 1 12rem; min-width: 0; }
.right { color: var(--right); } .wrong { color: var(--wrong); }
.answer { border: 1px solid var(--line); border-radius: .4rem; padding: .5rem .8rem; margin: .5rem 0; overflow-wrap: anywhere; }
.shares { border-collapse: collapse; } .shares td { padding: .1rem .3rem; border: 0; font-size: .8rem; }
.share { display: inline-block; height: .7rem; background: var(--blue); vertical-align: middle; }
@media (max-width: 40rem) {
  body { padding: .7rem; }
  table { font-size: .8rem; }
  td:first-child:not(.n) { min-width: 6.5rem; max-width: 9.8rem; }
  td { max-width: 14rem; }
  .shares td:first-child:not(.n) { min-width: 0; }
  .figure { max-width: none; width: 36rem; }
  nav a { display: inline-block; padding: .25rem 0; }
}
@media print { nav, .bar { display: none; } .wide { overflow: visible; } }
pre { overflow-x: auto; background: #f6f7f9; padding: .6rem; font-size: .8rem; }
)page";

const std::string_view kExplorer = R"page(
(function () {
  const cards = JSON.parse(document.getElementById("cards").textContent);
  const find = (id) => document.getElementById(id);
  const box = find("card"), filter = find("filter"), show = find("show"), place = find("place");
  const add = (parent, tag, text, cls) => {
    const node = document.createElement(tag);
    if (text !== undefined) node.textContent = text;
    if (cls) node.className = cls;
    parent.appendChild(node);
    return node;
  };
  const wanted = (card) => {
    const text = filter.value.toLowerCase();
    const says = [card.uuid, ...card.phrasings, ...card.answers, ...card.results.map((r) => r.prediction)];
    if (text && !says.some((s) => s.toLowerCase().includes(text))) return false;
    const right = card.results.filter((r) => r.score === 1).length;
    if (show.value === "differ") return right > 0 && right < card.results.length;
    if (show.value === "wrong") return right < card.results.length;
    if (show.value === "none") return right === 0;
    return true;
  };
  let list = [], at = 0;
  const shares = (parent, tokens) => {
    const frame = add(parent, "div", undefined, "wide");
    frame.tabIndex = 0;
    const table = add(frame, "table", undefined, "shares");
    tokens.forEach((row, t) => {
      const line = add(table, "tr");
      add(line, "td", "token " + (t + 1));
      row.forEach((share, p) => {
        const cell = add(line, "td");
        add(cell, "span", (p + 1) + " ", "small");
        add(cell, "span", undefined, "share").style.width = (4 * share).toFixed(2) + "rem";
        add(cell, "span", " " + share.toFixed(2), "small");
      });
    });
  };
  const draw = () => {
    box.textContent = "";
    place.textContent = list.length ? (at + 1) + " of " + list.length : "none of " + cards.length;
    if (!list.length) return;
    const card = list[at];
    add(box, "p", card.uuid, "small");
    const phrasings = add(box, "ol");
    card.phrasings.forEach((p) => add(phrasings, "li", p));
    add(box, "p", "Accepted: " + card.answers.join(" | "));
    card.results.forEach((r) => {
      const part = add(box, "div", undefined, "answer");
      const right = r.score === 1, partly = r.score > 0 && !right;
      add(part, "strong", r.method + ": ");
      add(part, "span", (right ? "\u2713 " : partly ? "\u2248 " : "\u2717 ") + (r.prediction || "(nothing)"),
          right ? "right" : "wrong");
      add(part, "span", partly ? " " + r.score.toFixed(2) : right ? " right" : " wrong", "small");
      if (r.shares) {
        add(part, "p", "Attention of each generated token to each phrasing", "small");
        shares(part, r.shares);
      }
    });
  };
  const renew = () => { list = cards.filter(wanted); at = 0; draw(); };
  const step = (by) => { if (list.length) { at = (at + by + list.length) % list.length; draw(); } };
  filter.addEventListener("input", renew);
  show.addEventListener("change", renew);
  find("back").addEventListener("click", () => step(-1));
  find("next").addEventListener("click", () => step(1));
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.target.closest("input, select, textarea, .wide, pre")) return;
    if (event.key === "ArrowLeft") step(-1);
    if (event.key === "ArrowRight") step(1);
  });
  renew();
})();
)page";

}  // namespace chorus::report
