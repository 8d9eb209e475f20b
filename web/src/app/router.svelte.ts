//! Addresses of the console. The address carries the view (receiver, band, filters), so a link shows a colleague the same thing.

export const PAGES = ["live", "emissions", "occupancy", "conflicts", "coordination", "orders", "interference", "tasks", "events", "registry", "receivers", "alarms", "users", "help", "login"] as const;
export type PageName = (typeof PAGES)[number];

class Router {
  page = $state<PageName>("live");
  /** The part after the page, such as a conflict's id. */
  item = $state<string | null>(null);
  query = $state.raw(new URLSearchParams());

  /** The query as it stands behind an address, with its question mark. */
  readonly search = $derived(this.query.size > 0 ? `?${this.query}` : "");

  constructor() {
    this.read();
    addEventListener("popstate", () => this.read());
  }

  private read(): void {
    const [page, item] = location.pathname.split("/").filter(Boolean);
    this.page = PAGES.includes(page as PageName) ? (page as PageName) : "live";
    this.item = item ? decodeURIComponent(item) : null;
    this.query = new URLSearchParams(location.search);
  }

  go(to: string): void {
    if (to === location.pathname + location.search) return;
    history.pushState(null, "", to);
    this.read();
    scrollTo(0, 0);
  }

  /** Changes the query of the current page without a step in the browser's history. */
  replaceQuery(changes: Record<string, string | number | null>): void {
    const query = new URLSearchParams(location.search);
    for (const [key, value] of Object.entries(changes)) {
      if (value === null || value === "") query.delete(key);
      else query.set(key, String(value));
    }
    const text = query.toString();
    if (text === location.search.replace(/^\?/, "")) return;
    history.replaceState(null, "", location.pathname + (text ? `?${text}` : ""));
    this.query = query;
  }
}

export const router = new Router();

/** Follows links of the console without loading the page anew; leaves all others, and modified clicks, to the browser. */
export function followLinks(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element | null)?.closest?.("a");
  if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
  const first = link.pathname.split("/").filter(Boolean)[0] ?? "live";
  if (!PAGES.includes(first as PageName)) return;
  event.preventDefault();
  router.go(link.pathname + link.search);
}

/** Follows a click anywhere in a table's row to where the row's link leads. A click on the link itself is left to the link, one
 * with a modifier to the browser, and one that ends a selection of text to the person who wants to copy it. */
export function followRow(event: MouseEvent): void {
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  if ((event.target as Element | null)?.closest?.("a, button, input, select")) return;
  if (getSelection()?.isCollapsed === false) return;
  const link = (event.currentTarget as Element).querySelector<HTMLAnchorElement>("a[href]");
  if (!link) return;
  link.focus({ preventScroll: true }); // so that focus comes back to this row when the drawer closes
  router.go(link.pathname + link.search);
}
