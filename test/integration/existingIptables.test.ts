import { existing } from "./suites/existing.ts";

existing("iptables");
