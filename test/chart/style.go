package chart

// Style is how a page of charts and tables looks, by day and by night.
const Style = `<style>
:root{--ink:#1b1f24;--soft:#5b6570;--line:#e3e7ec;--paper:#fff}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ed;--soft:#9aa5b1;--line:#30363d;--paper:#14181d}}
body{font:16px/1.55 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:1360px;margin:2.5rem auto;padding:0 1.5rem}
h1{font-size:1.7rem;margin:0}h2{margin:2.6rem 0 .4rem;font-size:1.2rem}p{max-width:46rem}
.grid2{display:grid;grid-template-columns:repeat(auto-fit,minmax(520px,1fr));gap:1.6rem}
figure{margin:0}figcaption{font-size:.9rem;color:var(--soft)}figcaption b{color:var(--ink)}
svg{width:100%;height:auto}svg .grid{stroke:var(--line)}svg text{font:12px system-ui,sans-serif;fill:var(--soft)}svg .name{fill:currentColor;font-weight:600}
table{border-collapse:collapse;font-size:.88rem;margin:.6rem 0}td,th{padding:.28rem .7rem;border-bottom:1px solid var(--line);text-align:right;vertical-align:top}
td:first-child,th:first-child,.text td{text-align:left}th{color:var(--soft);font-weight:600}.us td{font-weight:700}
.facts{display:flex;flex-wrap:wrap;gap:1.2rem 3rem;margin:1.4rem 0}.facts div{max-width:15rem}.facts b{display:block;font-size:1.7rem;line-height:1.2}.facts span{color:var(--soft);font-size:.88rem}
.bad{color:#c0392b}
</style>`
