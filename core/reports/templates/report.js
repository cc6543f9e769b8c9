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

  const draw = (theme) => {
    document.documentElement.dataset.theme = theme;
    button.textContent = theme === "dark" ? "Light" : "Dark";
    button.setAttribute("aria-label", `Switch to ${button.textContent.toLowerCase()} mode`);
    const options = {
      ast: true, // interpret expressions: the policy of this file forbids eval
      actions: false,
      renderer: "svg",
      config: config(theme),
      tooltip: { theme },
    };
    return Promise.all(
      Object.entries(charts).map(([id, spec]) => {
        const element = document.getElementById(`chart-${id}`);
        return vegaEmbed(element, wrap(spec, element), options).catch((error) => {
          element.textContent = `This chart cannot be drawn: ${error.message}`;
        });
      })
    );
  };

  const theme = () => chosen ?? (dark.matches ? "dark" : "light");
  button.hidden = false;
  button.onclick = () => {
    chosen = theme() === "dark" ? "light" : "dark";
    draw(theme());
  };
  dark.addEventListener("change", () => draw(theme()));
  addEventListener("beforeprint", () => draw("light"));
  addEventListener("afterprint", () => draw(theme()));
  draw(theme()).then(() => (document.documentElement.dataset.drawn = "true"));
})();
