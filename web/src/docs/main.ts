//! Starts the reader of the OpenAPI document.

import { mount } from "svelte";
import "../app.css";
import { settings } from "../app/settings.svelte";
import Docs from "./Docs.svelte";

settings.apply();
const target = document.getElementById("app");
if (target) mount(Docs, { target });
