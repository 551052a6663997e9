import { existing } from "./suites/existing.ts";

existing("nftables");
