"use strict";

// Shows /openapi.json, and asks for nothing else.
const main = document.getElementById("main");
let api;

/** An element with children; texts stay text. */
function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children.filter(child => child !== undefined && child !== null));
  return element;
}

function link(target, text) {
  const anchor = make("a", "", text);
  anchor.href = "#" + target;
  return anchor;
}

/** What a reference inside the document points to; anything else is itself. */
function resolve(item) {
  return item.$ref ? item.$ref.slice(2).split("/").reduce((at, name) => at[name], api) : item;
}

/** A schema in a few words, with a link where it has a name. */
function typeOf(schema) {
  if (schema.$ref) {
    const name = schema.$ref.split("/").pop();
    return make("span", "", link("schema-" + name, name));
  }
  if (schema.type === "array") return make("span", "", "list of ", typeOf(schema.items));
  const words = [[schema.type].flat().join(" or ")];
  if (schema.enum) words.push(schema.enum.join(" or "));
  else if (schema.format) words.push(schema.format);
  return make("span", "", words.join(", "));
}

function boundsOf(schema) {
  const names = { minimum: "from", maximum: "to", minLength: "at least", maxLength: "at most", minItems: "at least",
    maxItems: "at most", default: "default" };
  return Object.keys(names).filter(name => name in schema).map(name => `${names[name]} ${schema[name]}`).join(", ");
}

/** Rows of name, type, words. */
function table(rows) {
  const body = make("tbody", "", ...rows.map(({ name, required, schema, description }) => make("tr", "",
    make("td", "", make("code", required ? "required" : "", name)),
    make("td", "", typeOf(schema)),
    make("td", "", [description ?? schema.description, boundsOf(schema)].filter(Boolean).join(" ")))));
  const box = make("div", "scroll", make("table", "", body));
  box.tabIndex = 0;
  box.role = "region";
  box.ariaLabel = "Members";
  return box;
}

function members(schema) {
  return table(Object.entries(schema.properties ?? {}).map(([name, property]) =>
    ({ name, schema: property, required: schema.required?.includes(name) })));
}

function contentOf(item) {
  const schema = item.content?.["application/json"]?.schema;
  return schema ? typeOf(schema) : "";
}

function operation(path, method, item) {
  const parameters = (item.parameters ?? []).map(resolve);
  const responses = Object.entries(item.responses).map(([status, response]) => [status, resolve(response)]);
  const request = item.requestBody && resolve(item.requestBody);
  const details = make("details", "",
    make("summary", "", make("code", "method", method.toUpperCase()), make("code", "", path),
      make("span", "soft", item.summary)),
    make("div", "", make("p", "", item.description),
      item.security?.length === 0 ? make("p", "soft", "No key is needed.") : null,
      parameters.length ? make("h3", "", "Parameters") : null,
      parameters.length ? table(parameters) : null,
      request ? make("h3", "", "Body") : null,
      request ? make("p", "", contentOf(request)) : null,
      make("h3", "", "Answers"),
      make("div", "scroll", make("table", "", make("tbody", "", ...responses.map(([status, response]) =>
        make("tr", "", make("td", "", make("code", "", status)), make("td", "", contentOf(response)),
          make("td", "", response.description, headersOf(response)))))))));
  details.id = item.operationId;
  return details;
}

function headersOf(response) {
  const headers = Object.entries(response.headers ?? {}).map(([name, header]) => `${name}: ${header.description}`);
  return headers.length ? " " + headers.join(" ") : "";
}

function section(title, id, ...children) {
  const box = make("section", "", make("h2", "", title), ...children);
  box.id = id;
  return box;
}

/** Opens what the address points to. */
function openTarget() {
  const target = document.getElementById(location.hash.slice(1));
  if (!target) return;
  if (target instanceof HTMLDetailsElement) target.open = true;
  target.scrollIntoView();
}

function show() {
  document.title = document.getElementById("title").textContent = `${api.info.title}: API reference`;
  const schemes = Object.values(api.components.securitySchemes);
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, item]) => ({ tag: item.tags[0], element: operation(path, method, item) })));
  const schemas = Object.entries(api.components.schemas).map(([name, schema]) => {
    const details = make("details", "", make("summary", "", make("code", "", name)),
      make("div", "", make("p", "", schema.description), members(schema)));
    details.id = "schema-" + name;
    return details;
  });
  const titles = [...api.tags.map(tag => tag.name), "Keys", "Schemas"];
  main.append(
    section(api.info.summary, "about", make("p", "", api.info.description),
      make("nav", "", make("ul", "", ...titles.map(title => make("li", "", link(title.toLowerCase(), title)))))),
    ...api.tags.map(tag => section(tag.name, tag.name.toLowerCase(), make("p", "soft", tag.description),
      ...operations.filter(({ tag: name }) => name === tag.name).map(({ element }) => element))),
    section("Keys", "keys", table(schemes.map(scheme =>
      ({ name: scheme.name, schema: { type: scheme.in }, description: scheme.description })))),
    section("Schemas", "schemas", ...schemas));
  openTarget();
}

addEventListener("hashchange", openTarget);
try {
  const answer = await fetch("/openapi.json");
  if (!answer.ok) throw new Error(`the server answered with ${answer.status}`);
  api = await answer.json();
  show();
} catch (error) {
  const line = document.getElementById("error");
  line.textContent = `The reference cannot be shown: ${error.message}.`;
  line.hidden = false;
}
