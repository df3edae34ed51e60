"use strict";
// Draws what data.js holds: the modules packed by package with their imports, and as a tree map.

(function () {
  const { verdicts, modules, imports, causes } = window.LYO;
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue("--" + name).trim();
  const byName = new Map(modules.map((module, index) => [module.name, index]));
  const importers = modules.map(() => []);
  imports.forEach((targets, index) => targets.forEach((target) => importers[target].push(index)));
  const total = (module) => d3.sum(module.statements);
  const residual = (module) => module.statements[4];
  const $ = (selector) => document.querySelector(selector);
  const prefersStill = matchMedia("(prefers-reduced-motion: reduce)").matches;

  let selected = null; // place of a module
  let found = null; // places of the modules that the search means

  // ---- The packages as a tree: { name, children } down to { name, index }

  function tree() {
    const root = { name: "", full: "", children: [] };
    const packages = new Map([["", root]]);
    const folder = (full) => {
      if (packages.has(full)) return packages.get(full);
      const cut = full.lastIndexOf(".");
      const node = { name: full.slice(cut + 1), full, children: [] };
      packages.set(full, node);
      folder(cut < 0 ? "" : full.slice(0, cut)).children.push(node);
      return node;
    };
    const parents = new Set();
    for (const { name } of modules) {
      for (let cut = name.lastIndexOf("."); cut > 0; cut = name.lastIndexOf(".", cut - 1)) parents.add(name.slice(0, cut));
    }
    modules.forEach((module, index) => {
      const cut = module.name.lastIndexOf(".");
      const home = parents.has(module.name) ? module.name : cut < 0 ? "" : module.name.slice(0, cut);
      folder(home).children.push({ name: module.name.slice(cut + 1), full: module.name, index });
    });
    return root;
  }

  const hierarchy = () => d3.hierarchy(tree()).sum((node) => (node.index === undefined ? 0 : total(modules[node.index]) + 2))
    .sort((a, b) => b.value - a.value || d3.ascending(a.data.full, b.data.full));

  // ---- A canvas that is drawn when it has to be

  function stage(section, draw) {
    const canvas = section.querySelector("canvas");
    const context = canvas.getContext("2d");
    let width = 0, height = 0, due = false;
    const paint = () => {
      due = false;
      if (section.hidden || !width) return;
      const scale = window.devicePixelRatio || 1;
      context.setTransform(scale, 0, 0, scale, 0, 0);
      context.clearRect(0, 0, width, height);
      draw(context, width, height);
    };
    const request = () => { if (!due) { due = true; requestAnimationFrame(paint); } };
    new ResizeObserver(() => {
      const scale = window.devicePixelRatio || 1;
      width = section.clientWidth; height = section.clientHeight;
      canvas.width = Math.round(width * scale); canvas.height = Math.round(height * scale);
      request();
    }).observe(section);
    return { canvas, request, size: () => [width, height] };
  }

  const isFaded = (index) => found !== null && !found.has(index);

  // ---- The import graph

  const SIDE = 2000; // of the square that everything is packed into
  const packed = d3.pack().size([SIDE, SIDE]).padding((node) => (node.depth < 2 ? 8 : 3))(hierarchy());
  const leaves = new Array(modules.length);
  packed.each((node) => { if (node.data.index !== undefined) leaves[node.data.index] = node; });
  const folders = packed.descendants().filter((node) => node.children && node.depth > 0);
  const edgeCount = d3.sum(imports, (targets) => targets.length);
  let view = d3.zoomIdentity, isMoving = false;

  const graph = stage($("#graph"), (context, width, height) => {
    const { k, x, y } = view;
    const isSeen = (node) => {
      const [cx, cy, r] = [node.x * k + x, node.y * k + y, node.r * k];
      return cx + r > 0 && cy + r > 0 && cx - r < width && cy - r < height;
    };
    const circle = (node) => {
      context.beginPath();
      context.arc(node.x * k + x, node.y * k + y, Math.max(node.r * k, 0.7), 0, 2 * Math.PI);
    };
    context.lineWidth = 1;
    context.strokeStyle = colour("rule");
    context.fillStyle = colour("raised");
    for (const node of folders) {
      if (!isSeen(node) || node.r * k < 3) continue;
      circle(node);
      if (node.depth === 1) context.fill();
      context.stroke();
    }
    if ($("#all-imports").checked && !(isMoving && edgeCount > 20000)) drawEdges(context);
    verdicts.forEach((verdict, place) => {
      context.fillStyle = colour(verdict);
      for (const node of leaves) {
        const module = modules[node.data.index];
        if (module.verdict !== place || !isSeen(node)) continue;
        context.globalAlpha = isFaded(node.data.index) ? 0.12 : module.closed || place > 1 ? 1 : 0.65;
        circle(node);
        context.fill();
      }
    });
    context.globalAlpha = 1;
    if (selected !== null) drawImports(context, circle);
    label(context, isSeen);
  });

  function drawEdges(context) {
    const { k, x, y } = view;
    context.globalAlpha = Math.max(0.04, Math.min(0.3, 600 / edgeCount));
    context.strokeStyle = colour("faint");
    context.beginPath();
    imports.forEach((targets, index) => targets.forEach((target) => {
      context.moveTo(leaves[index].x * k + x, leaves[index].y * k + y);
      context.lineTo(leaves[target].x * k + x, leaves[target].y * k + y);
    }));
    context.stroke();
    context.globalAlpha = 1;
  }

  function drawImports(context, circle) {
    const { k, x, y } = view;
    const from = leaves[selected];
    const arcs = (others, name) => {
      context.strokeStyle = context.fillStyle = colour(name);
      context.lineWidth = 1.2;
      context.globalAlpha = others.length > 200 ? 0.3 : 0.75;
      for (const other of others) {
        const to = leaves[other];
        const [dx, dy] = [to.x - from.x, to.y - from.y];
        context.beginPath();
        context.moveTo(from.x * k + x, from.y * k + y);
        context.quadraticCurveTo((from.x + dx / 2 - dy / 6) * k + x, (from.y + dy / 2 + dx / 6) * k + y, to.x * k + x, to.y * k + y);
        context.stroke();
      }
      context.globalAlpha = 1;
    };
    arcs(importers[selected], "in");
    arcs(imports[selected], "out");
    context.strokeStyle = colour("ink");
    context.lineWidth = 3;
    circle(from);
    context.stroke();
    context.lineWidth = 1;
  }

  function label(context, isSeen) {
    const { k, x, y } = view;
    context.textAlign = "center";
    context.textBaseline = "middle";
    const text = (name, cx, cy, size, fill) => {
      context.font = `600 ${size}px system-ui, sans-serif`;
      context.lineWidth = 3;
      context.strokeStyle = colour("ground");
      context.strokeText(name, cx, cy);
      context.fillStyle = fill;
      context.fillText(name, cx, cy);
    };
    for (const node of leaves) {
      const room = 2 * node.r * k;
      if (room > 34 && room > node.data.name.length * 6.2 && isSeen(node)) {
        text(node.data.name, node.x * k + x, node.y * k + y, 11, colour("ink"));
      }
    }
    for (const node of folders) {
      const room = 2 * node.r * k;
      if (room < 60 || room < node.data.name.length * 7 || !isSeen(node)) continue;
      if (node.depth > 1 && room < 140) continue;
      text(node.data.name, node.x * k + x, (node.y - node.r) * k + y + 9, node.depth === 1 ? 14 : 12, colour("ink"));
    }
    if (selected !== null) {
      const node = leaves[selected];
      text(modules[selected].name, node.x * k + x, (node.y - node.r) * k + y - 10, 13, colour("ink"));
    }
  }

  const zoom = d3.zoom().scaleExtent([0.05, 60])
    .on("start", () => { isMoving = true; })
    .on("zoom", (event) => { view = event.transform; graph.request(); })
    .on("end", () => { isMoving = false; graph.request(); });
  const surface = d3.select(graph.canvas).call(zoom);

  function show(node, quickly) {
    const [width, height] = graph.size();
    const k = Math.min(40, Math.min(width, height) / (2 * node.r * 1.08));
    const to = d3.zoomIdentity.translate(width / 2 - node.x * k, height / 2 - node.y * k).scale(k);
    (quickly || prefersStill ? surface : surface.transition().duration(500)).call(zoom.transform, to);
  }

  function at(event) {
    const [mx, my] = d3.pointer(event, graph.canvas);
    const [px, py] = view.invert([mx, my]);
    let node = packed;
    for (;;) {
      const inner = (node.children || []).find((child) => Math.hypot(child.x - px, child.y - py) <= child.r);
      if (!inner) return node;
      node = inner;
    }
  }
  graph.canvas.addEventListener("click", (event) => {
    const node = at(event);
    if (node.data.index !== undefined) select(node.data.index);
    else { select(null); show(node); }
  });
  graph.canvas.addEventListener("mousemove", (event) => {
    const node = at(event);
    graph.canvas.title = node.depth ? node.data.full : "";
    graph.canvas.style.cursor = node.depth ? "pointer" : "grab";
  });
  $("#all-imports").addEventListener("change", graph.request);

  // ---- The tree map

  let cells = [];
  const shade = d3.scaleLinear().domain([0, 0.02, 0.3, 1]).clamp(true)
    .range([colour("strict"), colour("partial"), colour("dynamic"), colour("error")]).interpolate(d3.interpolateRgb);
  let laidOut = "";
  const map = stage($("#map"), (context, width, height) => {
    if (laidOut !== `${width}x${height}`) {
      laidOut = `${width}x${height}`;
      cells = d3.treemap().size([width, height]).paddingTop((node) => (node.depth > 0 && node.depth < 3 ? 16 : 1))
        .paddingInner(1).round(true)(hierarchy()).descendants();
    }
    context.textBaseline = "top";
    for (const cell of cells) {
      const [w, h] = [cell.x1 - cell.x0, cell.y1 - cell.y0];
      if (w <= 0 || h <= 0 || cell.depth === 0) continue;
      const index = cell.data.index;
      if (index === undefined) {
        context.fillStyle = colour("raised");
        context.fillRect(cell.x0, cell.y0, w, h);
      } else {
        const module = modules[index];
        context.globalAlpha = isFaded(index) ? 0.15 : 1;
        context.fillStyle = verdicts[module.verdict] === "error" ? colour("error") : shade(residual(module) / Math.max(1, total(module)));
        context.fillRect(cell.x0, cell.y0, w, h);
        context.globalAlpha = 1;
        if (index === selected) {
          context.strokeStyle = colour("ink");
          context.lineWidth = 3;
          context.strokeRect(cell.x0 + 1.5, cell.y0 + 1.5, w - 3, h - 3);
        }
      }
      const isTitle = index === undefined && cell.depth < 3;
      if (h > 14 && w > 40 && (isTitle || index !== undefined)) {
        context.font = `${isTitle ? 600 : 400} 11px system-ui, sans-serif`;
        context.fillStyle = isTitle ? colour("ink") : "#10141b";
        const most = Math.floor((w - 6) / 6);
        context.fillText(cell.data.name.length > most ? cell.data.name.slice(0, most - 1) + "…" : cell.data.name, cell.x0 + 4, cell.y0 + 3);
      }
    }
  });
  const cellAt = (event) => {
    const [x, y] = d3.pointer(event, map.canvas);
    return cells.find((cell) => cell.data.index !== undefined && cell.x0 <= x && x < cell.x1 && cell.y0 <= y && y < cell.y1);
  };
  map.canvas.addEventListener("click", (event) => { const cell = cellAt(event); select(cell ? cell.data.index : null); });
  map.canvas.addEventListener("mousemove", (event) => {
    const cell = cellAt(event);
    if (!cell) { map.canvas.title = ""; return; }
    const module = modules[cell.data.index];
    map.canvas.title = `${module.name}: ${residual(module)} of ${total(module)} statements run at import`;
  });

  // ---- Tables

  const link = (page, text, fragment = "") => {
    const a = document.createElement("a");
    a.href = page + fragment;
    a.textContent = text;
    return a;
  };
  const row = (cellsOfRow) => {
    const tr = document.createElement("tr");
    for (const content of cellsOfRow) {
      const td = tr.appendChild(document.createElement("td"));
      if (typeof content === "number") { td.className = "number"; td.textContent = content; } else td.append(content);
    }
    return tr;
  };
  const verdictMark = (module) => {
    const span = document.createElement("span");
    const dot = span.appendChild(document.createElement("i"));
    dot.className = verdicts[module.verdict];
    span.append(verdicts[module.verdict] + (module.closed ? ", closed" : ""));
    return span;
  };

  const causesBody = $("#causes tbody");
  for (const cause of causes) {
    const place = `${cause.module}:${cause.line}`;
    const where = cause.page ? link(cause.page, place, `#L${cause.line}`) : place;
    causesBody.append(row([cause.modules, cause.statements, `${cause.message} [${cause.code}]`, where]));
  }

  const MOST_ROWS = 500;
  const sorting = { key: "residual", descending: true };
  const keys = {
    name: (index) => modules[index].name, verdict: (index) => modules[index].verdict, total: (index) => total(modules[index]),
    residual: (index) => residual(modules[index]), importers: (index) => importers[index].length,
  };
  function list() {
    const key = keys[sorting.key];
    const wanted = modules.map((_, index) => index).filter((index) => !isFaded(index));
    const order = sorting.descending ? d3.descending : d3.ascending;
    wanted.sort((a, b) => order(key(a), key(b)) || d3.ascending(modules[a].name, modules[b].name));
    $("#list tbody").replaceChildren(...wanted.slice(0, MOST_ROWS).map((index) => {
      const module = modules[index];
      return row([link(module.page, module.name), verdictMark(module), total(module), residual(module), importers[index].length]);
    }));
    $("#list .more").textContent = wanted.length > MOST_ROWS ? `and ${wanted.length - MOST_ROWS} more: search, or sort otherwise` : "";
    for (const head of document.querySelectorAll("#list th")) {
      if (head.dataset.key === sorting.key) head.setAttribute("aria-sort", sorting.descending ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
  }
  for (const head of document.querySelectorAll("#list th")) {
    head.addEventListener("click", () => {
      const key = head.dataset.key;
      sorting.descending = sorting.key === key ? !sorting.descending : key !== "name";
      sorting.key = key;
      list();
    });
  }

  // ---- Selecting and searching

  function select(index, isFar) {
    selected = index;
    const details = $("#details");
    details.hidden = index === null;
    if (index !== null) {
      const module = modules[index];
      const title = document.createElement("h2");
      title.append(link(module.page, module.name));
      const close = document.createElement("button");
      close.className = "close";
      close.textContent = "✕";
      close.setAttribute("aria-label", "Close");
      close.addEventListener("click", () => select(null));
      const names = ["static", "imports", "recipes", "replayed", "run at import"];
      const counts = document.createElement("p");
      counts.append(verdictMark(module), document.createElement("br"),
        module.statements.map((count, place) => [count, names[place]]).filter(([count]) => count).map((pair) => pair.join(" ")).join(", "));
      details.replaceChildren(close, title, counts, ...neighbours("Imports", imports[index]), ...neighbours("Imported by", importers[index]));
    }
    // The canvas has another size now.
    requestAnimationFrame(() => { if (isFar && index !== null) show(grown(leaves[index])); graph.request(); map.request(); });
    history.replaceState(null, "", index === null ? location.pathname : "#" + encodeURIComponent(modules[index].name));
  }

  /** Room around a module, so that what is beside it is seen too. */
  const grown = (node) => ({ x: node.x, y: node.y, r: Math.max(6 * node.r, node.parent.r / 2) });

  function neighbours(heading, others) {
    if (!others.length) return [];
    const head = document.createElement("h3");
    head.textContent = `${heading} (${others.length})`;
    const items = document.createElement("ul");
    for (const other of others.slice(0, 200)) {
      const button = document.createElement("button");
      button.className = "module";
      const dot = button.appendChild(document.createElement("i"));
      dot.className = verdicts[modules[other].verdict];
      dot.style.cssText = "display:inline-block;width:8px;height:8px;border-radius:4px;margin-right:6px";
      button.append(modules[other].name);
      button.addEventListener("click", () => select(other, true));
      items.appendChild(document.createElement("li")).append(button);
    }
    return [head, items];
  }

  const search = $("#search");
  search.addEventListener("input", () => {
    const wanted = search.value.trim().toLowerCase();
    found = wanted ? new Set(modules.flatMap((module, index) => (module.name.toLowerCase().includes(wanted) ? [index] : []))) : null;
    list();
    graph.request();
    map.request();
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && found && found.size) {
      const wanted = search.value.trim();
      const places = [...found].sort((a, b) => modules[a].name.length - modules[b].name.length);
      select(byName.has(wanted) ? byName.get(wanted) : places[0], true);
    }
    if (event.key === "Escape") { search.value = ""; search.dispatchEvent(new Event("input")); search.blur(); }
  });
  addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== search) { event.preventDefault(); search.focus(); }
    if (event.key === "Escape" && selected !== null) select(null);
  });

  for (const button of document.querySelectorAll("nav button")) {
    button.addEventListener("click", () => {
      for (const other of document.querySelectorAll("nav button")) {
        other.setAttribute("aria-pressed", String(other === button));
        $("#" + other.dataset.view).hidden = other !== button;
      }
      graph.request();
      map.request();
    });
  }

  list();
  const start = byName.get(decodeURIComponent(location.hash.slice(1)));
  requestAnimationFrame(() => requestAnimationFrame(() => {
    show(packed, true);
    if (start !== undefined) select(start, true);
    document.body.dataset.ready = "true";
  }));
})();
