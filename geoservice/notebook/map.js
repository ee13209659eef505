// Draws one map from plain data. Texts become text nodes, never markup: a name in somebody's file stays a name.
function geoserviceMap(id, spec) {
  "use strict";
  const NUMBER = new Intl.NumberFormat("fr-FR", { maximumFractionDigits: 2 });
  const element = (tag, className, ...children) => {
    const made = document.createElement(tag);
    if (className) made.className = className;
    made.append(...children);
    return made;
  };
  const said = (value) => typeof value === "number" ? NUMBER.format(value) : String(value);
  const asText = (text) => element("span", "", text).innerHTML; // for the one place where Leaflet takes only markup

  const map = L.map(id, { preferCanvas: spec.canvas, zoomControl: false, attributionControl: false, zoomSnap: 0.25,
    zoomDelta: 1, minZoom: 3, maxZoom: 19 });
  L.control.zoom({ zoomInTitle: "Agrandir", zoomOutTitle: "Réduire" }).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  const credits = L.control.attribution({ prefix: false }).addTo(map);
  credits.addAttribution(asText(spec.attributions.join(" · ")));
  map.fitBounds(spec.bounds); // again below, once the legend says how much room it takes

  const drawn = spec.layers.map((layer) => L.layerGroup(layer.strokes.map((stroke, at) => {
    const top = at === layer.strokes.length - 1;
    const style = (feature) => layer.colours ? { ...stroke, fillColor: layer.colours[feature.properties["~class"]] } : stroke;
    const shapes = L.geoJSON(layer.data, { style, interactive: top,
      pointToLayer: (feature, where) => L.circleMarker(where, { radius: 6, ...style(feature) }) });
    if (!top) return shapes;
    shapes.bindTooltip((shape) => tooltip(layer.fields, shape.feature.properties), { sticky: true, opacity: 1 });
    shapes.on("mouseover", ({ propagatedFrom: shape }) => shape.setStyle({ color: spec.ink, weight: stroke.weight + 1.5, dashArray: null }));
    shapes.on("mouseout", ({ propagatedFrom: shape }) => shape.setStyle({ dashArray: null, ...style(shape.feature) }));
    return shapes;
  })).addTo(map));

  function tooltip(fields, properties) {
    const rows = fields.filter(([, name]) => properties[name] !== null && properties[name] !== "")
      .flatMap(([label, name]) => [element("dt", "", label), element("dd", "", said(properties[name]))]);
    return element("dl", "gs-tip", ...rows);
  }

  function swatch({ colour, opacity, line }) {
    const made = element("span", line ? "gs-swatch gs-line" : "gs-swatch");
    if (line) made.style.borderTopColor = colour;
    else Object.assign(made.style, { backgroundColor: colour, opacity });
    return made;
  }

  function legendPart(part, layer) {
    const box = element("input", "");
    box.type = "checkbox";
    box.checked = true;
    box.addEventListener("change", () => box.checked ? layer.addTo(map) : layer.remove());
    const title = element("label", "", box, part.swatch ? swatch(part.swatch) : "", element("span", "", part.title));
    const classes = part.classes.map((one) => element("li", "", swatch(one), element("span", "", one.label),
      element("span", "gs-note", one.note)));
    return element("section", "", title, element("ul", "", ...classes), ...part.hints.map((hint) => element("p", "gs-note", hint)));
  }

  const legend = L.control({ position: "topright" });
  legend.onAdd = () => {
    const open = element("details", "gs-legend", element("summary", "", spec.title),
      ...spec.legend.map((part, at) => legendPart(part, drawn[at])));
    open.open = true;
    L.DomEvent.disableClickPropagation(open);
    L.DomEvent.disableScrollPropagation(open);
    return open;
  };
  legend.addTo(map);
  const { clientWidth: width } = legend.getContainer();
  map.fitBounds(spec.bounds, { paddingTopLeft: [56, 24], paddingBottomRight: [map.getSize().x > 640 ? width + 28 : 24, 36], maxZoom: spec.closest ?? 17 });
  return map;
}
