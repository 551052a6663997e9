/** What a kubeconfig of kind contains. */
import { parse, stringify } from "yaml";
import { z } from "zod";

const Kubeconfig = z.looseObject({
	clusters: z.tuple([
		z.looseObject({ cluster: z.looseObject({ server: z.string(), "certificate-authority-data": z.string() }) }),
	]),
	users: z.tuple([
		z.looseObject({ user: z.looseObject({ "client-certificate-data": z.string(), "client-key-data": z.string() }) }),
	]),
});

const kubeconfigOf = (text: string) => Kubeconfig.parse(parse(text));

/** The port of every API server, and of kind's load balancer, on kind's network: APIServerInternalPort. */
const internalPort = 6443;

/** The kubeconfig for containers on kind's network, as `kind get kubeconfig --internal` prints it. */
export function internalKubeconfig(text: string, host: string): string {
	const kubeconfig = kubeconfigOf(text);
	kubeconfig.clusters[0].cluster.server = `https://${host}:${internalPort}`;
	return stringify(kubeconfig);
}

export interface Credentials {
	/** The address of the API server, for the Docker host. */
	endpoint: string;
	/** PEM. */
	clusterCaCertificate: string;
	clientCertificate: string;
	clientKey: string;
}

export function credentialsIn(text: string): Credentials {
	const { clusters, users } = kubeconfigOf(text);
	const pem = (base64: string) => Buffer.from(base64, "base64").toString("utf8");
	return {
		endpoint: clusters[0].cluster.server,
		clusterCaCertificate: pem(clusters[0].cluster["certificate-authority-data"]),
		clientCertificate: pem(users[0].user["client-certificate-data"]),
		clientKey: pem(users[0].user["client-key-data"]),
	};
}
