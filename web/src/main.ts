//! Starts the console.

import { mount } from "svelte";
import App from "./App.svelte";
import "./app.css";
import { settings } from "./app/settings.svelte";

settings.apply();
const target = document.getElementById("app");
if (target) mount(App, { target });
