/** Programs that send a request from a pod, and what their exit code and output say. */
import type { Ran } from "../../../kubernetes/exec.ts";
import { shellText } from "../../../lib/shell.ts";
import { withPort } from "../../../netfilter/address.ts";
import { type MeasuredOutcome, type ProbeRequest, probeSeconds } from "./measurement.ts";

export interface PodProgram {
	name: string;
	/** Ends without an error if the pod has the program. */
	check: string[];
	command(request: ProbeRequest): string[];
	read(ran: Ran): MeasuredOutcome;
}

const seconds = String(probeSeconds);
const urlOf = ({ host, port }: ProbeRequest): string => `http://${withPort(host, port)}/`;

/** HTTP clients, for TCP. A proxy of the pod's environment isn't used. */
const httpPrograms: PodProgram[] = [
	{
		name: "curl",
		check: ["curl", "--help"],
		// Only -v prints the system's error, which distinguishes a refused connection from a missing route.
		command: (request) => [
			...["curl", "-sS", "-v", "--noproxy", "*", "--connect-timeout", seconds, "-m", String(probeSeconds + 2)],
			...["-g", "-o", "/dev/null", "-w", "%{time_connect}", urlOf(request)],
		],
		read: ({ code, stdout, stderr }) => {
			const isConnected = Number(stdout.trim().replace(",", ".")) > 0;
			if (code === 0 || isConnected) return "ok";
			if (code === 28) return "timeout";
			if (code === 6) return "dns";
			return code === 7 && /refused/i.test(stderr) ? "refused" : "other";
		},
	},
	{
		name: "wget",
		check: ["wget", "--help"],
		// GNU Wget and BusyBox both know these options; Wget tries 20 times by default.
		command: (request) => [
			...["wget", "-nv", "-t", "1", "-T", seconds, "-Y", "off", "-O", "/dev/null", urlOf(request)],
		],
		read: ({ code, stderr }) => {
			// "Read error" comes after the connection was made.
			if (code === 0 || /server returned error|HTTP\/1|ERROR \d{3}|read error/i.test(stderr)) return "ok";
			if (/refused/i.test(stderr)) return "refused";
			return /timed out|timeout/i.test(stderr) ? "timeout" : "other";
		},
	},
];

/** The payload as printf's octal escapes, which every shell knows. */
const escaped = (payload: string): string =>
	[...payload].map((character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`).join("");

/** An answer has at least one byte; without one, only the system's error proves something. */
const readUdp = ({ code, stdout, stderr }: Ran): MeasuredOutcome => {
	if (stdout !== "") return "ok";
	if (/refused/i.test(stderr)) return "refused";
	return code === -1 || /unreachable|no route/i.test(stderr) ? "other" : "silent";
};

const udpPrograms: PodProgram[] = [
	{
		name: "bash",
		check: ["bash", "-c", "command -v timeout && command -v head"],
		// bash's own `read` skips bytes that are 0, and an answer may have only those.
		command: ({ host, port, payload }) => [
			...["bash", "-c"],
			`exec 3<>/dev/udp/${host}/${port} && printf '${escaped(payload)}' >&3 && timeout ${seconds} head -c 1 <&3`,
		],
		read: readUdp,
	},
	{
		name: "socat",
		check: ["socat", "-V"],
		command: ({ host, port, payload }) => [
			...["sh", "-c"],
			`printf '${escaped(payload)}' | socat -t ${seconds} - ${shellText(`UDP:${withPort(host, port)}`)}`,
		],
		read: readUdp,
	},
	{
		name: "nc",
		check: ["sh", "-c", "command -v nc"],
		command: ({ host, port, payload }) => [
			...["sh", "-c"],
			`printf '${escaped(payload)}' | nc -u -w ${seconds} ${shellText(host)} ${port}`,
		],
		read: readUdp,
	},
];

export const podPrograms = { tcp: httpPrograms, udp: udpPrograms, sctp: [] as PodProgram[] };
