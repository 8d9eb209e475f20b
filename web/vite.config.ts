// Build of the console and of the API reader: two pages, hashed assets, nothing inlined, so that a content
// security policy without 'unsafe-inline' holds. PINPU_API names the server that `npm run dev` talks to.
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

const api = process.env["PINPU_API"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: { console: "index.html", docs: "docs.html" } },
  },
  server: {
    proxy: {
      // The server refuses sockets and changes that another site asks for; to it, this one must look like its own.
      "/api": { target: api, ws: true, changeOrigin: true, headers: { origin: new URL(api).origin } },
      "/openapi.json": api,
    },
  },
});
