/** Builds an element: `element('p.quiet', { title: '…' }, 'text', child)`. Text is never read as HTML. */
export function element(selector, properties = {}, ...children) {
  const [tag, ...classes] = selector.split('.');
  const made = document.createElement(tag);
  made.className = classes.join(' ');
  for (const [name, value] of Object.entries(properties)) {
    if (name in made) made[name] = value;
    else if (value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.flat());
  return made;
}

/** Milliseconds as people read them. */
export function duration(ms) {
  return `${ms.toFixed(ms < 10 ? 2 : ms < 100 ? 1 : 0)} ms`;
}
