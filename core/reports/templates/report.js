// Charts with their theme, and sections that open and close.
(() => {
  const charts = JSON.parse(document.getElementById("charts").textContent);
  const button = document.getElementById("theme");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;

  const config = (theme) => {
    const ink = theme === "dark" ? "#e8edf3" : "#1b2430";
    const soft = theme === "dark" ? "#a3b0bf" : "#5a6675";
    const line = theme === "dark" ? "#2b3644" : "#dfe4ea";
    return {
      background: "transparent",
      axis: { labelColor: soft, titleColor: soft, gridColor: line, domainColor: line, tickColor: line },
      legend: { labelColor: ink, titleColor: soft },
      header: { labelColor: ink, titleColor: soft },
      title: { color: ink, subtitleColor: soft },
      text: { color: ink },
      rule: { color: ink },
    };
  };

  // charts with several panels get as many columns as fit
  const wrap = (spec, element) =>
    spec.concat && spec.usermeta?.panelPixels
      ? { ...spec, columns: Math.max(1, Math.floor(element.clientWidth / spec.usermeta.panelPixels)) }
      : spec;

  // a click on a cell of a confusion matrix selects its test images
  const openImages = (event, item) => {
    const { head, label, predicted } = item?.datum ?? {};
    if (head !== undefined && label !== undefined && predicted !== undefined) {
      dispatchEvent(new CustomEvent("headroom-cell", { detail: { head, label, predicted } }));
    }
  };

  const drawChart = async (id, theme) => {
    const element = document.getElementById(`chart-${id}`);
    const options = {
      ast: true, // interpret expressions: the policy of this file forbids eval
      actions: false,
      renderer: "svg",
      config: config(theme),
      tooltip: { theme },
    };
    try {
      const { view } = await vegaEmbed(element, wrap(charts[id], element), options);
      if (element.closest("[data-display=confusion]")) view.addEventListener("click", openImages);
    } catch (error) {
      element.textContent = `This chart cannot be drawn: ${error.message}`;
    }
  };

  const draw = (theme) => {
    document.documentElement.dataset.theme = theme;
    button.textContent = theme === "dark" ? "Light" : "Dark";
    button.setAttribute("aria-label", `Switch to ${button.textContent.toLowerCase()} mode`);
    return Promise.all(Object.keys(charts).map((id) => drawChart(id, theme)));
  };

  const theme = () => chosen ?? (dark.matches ? "dark" : "light");
  button.hidden = false;
  button.onclick = () => {
    chosen = theme() === "dark" ? "light" : "dark";
    draw(theme());
  };
  dark.addEventListener("change", () => draw(theme()));

  // a chart in a closed section has no width, and is drawn again when the section opens
  const sections = [...document.querySelectorAll("details.part")];
  const drawOpened = ({ target }) => {
    if (!target.open) return;
    for (const element of target.querySelectorAll(".chart")) drawChart(element.id.replace("chart-", ""), theme());
  };
  const openAncestors = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (const part of target.querySelectorAll("details.part")) part.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", openAncestors);

  const toggle = document.getElementById("toggle");
  toggle.hidden = false;
  toggle.onclick = () => {
    const open = sections.some((part) => !part.open);
    for (const part of sections) part.open = open;
    toggle.textContent = open ? "Collapse all sections" : "Expand all sections";
  };

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = sections.filter((part) => !part.open);
    for (const part of closed) part.open = true;
    draw("light");
  });
  addEventListener("afterprint", () => {
    for (const part of closed) part.open = false;
    draw(theme());
  });
  draw(theme()).then(() => {
    document.documentElement.dataset.drawn = "true";
    for (const part of sections) part.addEventListener("toggle", drawOpened);
    openAncestors();
  });
})();
