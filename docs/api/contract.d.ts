import * as pulumi from '@pulumi/pulumi';
import { RunError } from '@pulumi/pulumi/errors.js';

/** Objects of a cluster, reduced to the fields that are used. */

type Node = {
    containerRuntime: string;
    internalIp: string;
    internalIps?: string[] | undefined;
    kernelVersion: string;
    kubeletVersion: string;
    labels: Record<string, string>;
    name: string;
    osImage: string;
    podCidr: string;
    podCidrs?: string[] | undefined;
    ready: boolean;
    role: "control-plane" | "worker";
};
type Service = {
    clusterIp: string;
    clusterIps?: string[] | undefined;
    dnsName: string;
    externalTrafficPolicy: "Cluster" | "Local";
    ipFamilyPolicy?: "PreferDualStack" | "RequireDualStack" | "SingleStack" | undefined;
    name: string;
    namespace: string;
    nodePort: number;
    port: number;
    portName: string;
    protocols?: ("tcp" | "udp")[] | undefined;
    sessionAffinity: "ClientIP" | "None";
};

/** Where programs run, and the clients that send requests from there. */

type Runner = {
    exec: {
        container: string;
        namespace: string;
        pod: string;
    };
} | {
    spawn: string[];
};
type Client = {
    get: string[];
    getByUdp?: string[] | undefined;
    ip?: string | undefined;
    ips?: string[] | undefined;
    name: string;
    run: {
        exec: {
            container: string;
            namespace: string;
            pod: string;
        };
    } | {
        spawn: string[];
    };
};
type ClientGroup = {
    each: {
        container: string;
        labels: Record<string, string>;
        namespace: string;
    };
    get: string[];
    getByUdp?: string[] | undefined;
    named: "node" | "pod";
};
type Existing = {
    readers?: {
        container: string;
        labels: Record<string, string>;
        namespace: string;
    } | undefined;
    sample?: {
        hindered?: string[] | undefined;
        nodes: string[];
        of: number;
        seed: number;
    } | undefined;
};

/** The image of a pod: a ClusterImage, or a reference that the nodes can pull. */
interface PodImage {
    /** An image reference such as registry.example/echo:1. */
    reference: pulumi.Input<string>;
    /**
     * The id of the image's content (sha256:…). If it changes, pods are replaced although the reference is the same.
     * @default none: only a changed reference replaces pods
     */
    id?: pulumi.Input<string>;
}

interface EchoDeploymentArgs {
    /** The echo image (toolchain/images/echo). */
    image: PodImage;
    /** The Deployment's namespace, which must exist. @default "default" */
    namespace?: pulumi.Input<string>;
    /** The Deployment's name, and the value of its pods' label `app`. @default the component's name */
    name?: pulumi.Input<string>;
    /** The number of pods. @default 1 */
    replicas?: pulumi.Input<number>;
    /** Names of the nodes that may run the pods (label kubernetes.io/hostname); empty: any node. @default [] */
    nodes?: pulumi.Input<string[]>;
    /** The pods' port, the same number for TCP and UDP. @default 8080 */
    port?: pulumi.Input<number>;
}
/** The server behind the Service: a Deployment that answers with its node, its pod IP and the client address that it saw. */
declare class EchoDeployment extends pulumi.ComponentResource {
    /** The Deployment's name; available once the Deployment is. */
    readonly name: pulumi.Output<string>;
    /** The Deployment's namespace. */
    readonly namespace: pulumi.Output<string>;
    /** The pods' labels, for a Service's selector. */
    readonly labels: pulumi.Output<Record<string, string>>;
    /** The pods' port, the same number for TCP and UDP. */
    readonly port: pulumi.Output<number>;
    /** The name of the pods' TCP port. */
    readonly portName: pulumi.Output<string>;
    /** The image reference of the pods. */
    readonly image: pulumi.Output<string>;
    /** The desired number of pods. */
    readonly replicas: pulumi.Output<number>;
    /** The pods as clients of a Verification: their requests may come back to the same pod (hairpin). */
    readonly clients: pulumi.Output<ClientGroup>;
    /** The Deployment's metadata.generation: it grows with each change of its spec. */
    readonly generation: pulumi.Output<number>;
    constructor(name: string, args: EchoDeploymentArgs, opts?: pulumi.ComponentResourceOptions);
}

/** A cluster that the lab can deploy to: KindCluster or ExistingCluster. */
interface LabCluster {
    /** Identifies the cluster: a recreated cluster of the same name has another id. */
    readonly id: pulumi.Output<string>;
    /** The cluster's name. */
    readonly name: pulumi.Output<string>;
    /** The kubeconfig, secret. Absent for an existing cluster: its kubeconfig stays in its file. */
    readonly kubeconfig?: pulumi.Output<string>;
    /** The path of the kubeconfig, absolute or relative to the program. */
    readonly kubeconfigPath: pulumi.Output<string>;
    /** A context of the kubeconfig; absent: its current one. */
    readonly context?: pulumi.Output<string>;
    /** Control plane first; read from the API server on every update. */
    readonly nodes: pulumi.Output<Node[]>;
    /** How to run a program on each node, by node name; empty if that isn't possible. */
    readonly nodeRunners: pulumi.Output<Record<string, Runner>>;
    /** Resource options for components inside the cluster. */
    readonly inside: pulumi.ComponentResourceOptions;
}

/** The results of a verification: the full report on disk, and the summary in the stack's outputs. */

type Summary = {
    checkedAt: string;
    connectivity: {
        client: string;
        command: string;
        expected: {
            clientIp?: string | undefined;
            nodes?: string[] | undefined;
            outcome: "dns" | "http" | "ok" | "other" | "refused" | "timeout";
            podIps?: string[] | undefined;
        };
        observed: {
            body?: string | undefined;
            clientIp?: string | undefined;
            milliseconds?: number | undefined;
            node?: string | undefined;
            outcome: "dns" | "http" | "ok" | "other" | "refused" | "timeout";
            podIp?: string | undefined;
        };
        ok: boolean;
        scope: "external" | "internal";
        target: {
            address: string;
            family?: "ipv4" | "ipv6" | undefined;
            kind: "clusterIp" | "nodePort" | "podIp" | "serviceDns";
            node?: string | undefined;
            protocol?: "sctp" | "tcp" | "udp" | undefined;
        };
    }[];
    nodes: {
        backend: "iptables-legacy" | "iptables-nft" | "nftables";
        family?: "ipv4" | "ipv6" | undefined;
        node: string;
        paths: {
            hops: {
                chain: string;
                effect: "accept" | "dnat" | "drop" | "goto" | "jump" | "mark" | "masquerade" | "notrack" | "reject" | "return" | "snat" | "unknown" | "update";
                object?: {
                    kind: string;
                    name: string;
                    namespace?: string | undefined;
                } | undefined;
                owner?: string | undefined;
                rule: string;
                setting?: {
                    name: string;
                    required: string;
                    value: string;
                } | undefined;
                table: string;
                text: string;
                to?: string | undefined;
            }[];
            probability: number;
        }[];
        protocol?: "sctp" | "tcp" | "udp" | undefined;
        rules: string[];
    }[];
    ok: boolean;
    omittedCells?: number | undefined;
    omittedNodes?: number | undefined;
    pods: {
        ip: string;
        ips?: string[] | undefined;
        name: string;
        node: string;
    }[];
    proxyMode: "iptables" | "nftables" | "none" | "unknown";
    report: string;
};

interface VerificationArgs {
    /** The path of the cluster's kubeconfig. Its text would make every output secret. */
    kubeconfigPath: pulumi.Input<string>;
    /** A context of the kubeconfig. @default its current one */
    context?: pulumi.Input<string> | undefined;
    /** The Service to verify. */
    service: pulumi.Input<{
        namespace: string;
        name: string;
    }>;
    /** The Deployment behind the Service: how many pods it has, and on which nodes they may run (empty: any node). */
    echo: {
        deployment: pulumi.Input<string>;
        replicas: pulumi.Input<number>;
        nodes: pulumi.Input<string[]>;
    };
    /** The clients that send requests. The first one's packet is explained on every node. */
    clients: pulumi.Input<Client | ClientGroup>[];
    /** base: the first client calls every target. full: all clients do, and each node traces a packet. @default "base" */
    connectivity?: pulumi.Input<"base" | "full">;
    /** How to run a program on each node, by node name: used to save the nodes' logs on failure. @default no logs */
    nodeRunners?: pulumi.Input<Record<string, Runner>>;
    /** Only for a cluster that the lab didn't create: where rules are read, and which nodes are checked. @default none */
    existing?: {
        readers?: pulumi.Input<Existing["readers"]>;
        sample?: Existing["sample"];
    } | undefined;
    /** The path of the full report, relative to the program. @default "out/verification.json" */
    report?: pulumi.Input<string>;
    /** Ids and generations of what is verified. If one changes or the report is lost, the verification runs again. */
    revisions: pulumi.Input<Record<string, pulumi.Input<string | number>>>;
}
/**
 * Verifies that the Service answers as expected, and explains each answer from the node's kernel rules. If it fails, the
 * update fails. The full report and a folder of evidence are then on disk; the error names both and each failed request.
 */
declare class Verification extends pulumi.ComponentResource {
    /** The result, in under 64 KB; details are in the report. */
    readonly summary: pulumi.Output<Summary>;
    constructor(name: string, args: VerificationArgs, opts?: pulumi.ComponentResourceOptions);
}

/**
 * The contract between the lab and the stacks that read its outputs: schema and checks, without Pulumi's engine and without
 * components. requireLab in labOutputs.ts reads by it.
 */

/** The version of the contract. A stack that reads another version stops with an error. */
declare const schema = "nodeport-lab/v1";
type LabContract = {
    clusterName: string;
    echo: {
        image: string;
        name: string;
        pods: {
            ip: string;
            ips?: string[] | undefined;
            name: string;
            node: string;
        }[];
    };
    kubeconfig?: string | undefined;
    nodeIps: Record<string, string>;
    nodePort: number;
    nodes: {
        containerRuntime: string;
        internalIp: string;
        internalIps?: string[] | undefined;
        kernelVersion: string;
        kubeletVersion: string;
        labels: Record<string, string>;
        name: string;
        osImage: string;
        podCidr: string;
        podCidrs?: string[] | undefined;
        ready: boolean;
        role: "control-plane" | "worker";
    }[];
    schema: "nodeport-lab/v1";
    service: {
        clusterIp: string;
        clusterIps?: string[] | undefined;
        dnsName: string;
        externalTrafficPolicy: "Cluster" | "Local";
        ipFamilyPolicy?: "PreferDualStack" | "RequireDualStack" | "SingleStack" | undefined;
        name: string;
        namespace: string;
        nodePort: number;
        port: number;
        protocols?: ("tcp" | "udp")[] | undefined;
    };
    verification: {
        checkedAt: string;
        connectivity: {
            client: string;
            command: string;
            expected: {
                clientIp?: string | undefined;
                nodes?: string[] | undefined;
                outcome: "dns" | "http" | "ok" | "other" | "refused" | "timeout";
                podIps?: string[] | undefined;
            };
            observed: {
                body?: string | undefined;
                clientIp?: string | undefined;
                milliseconds?: number | undefined;
                node?: string | undefined;
                outcome: "dns" | "http" | "ok" | "other" | "refused" | "timeout";
                podIp?: string | undefined;
            };
            ok: boolean;
            scope: "external" | "internal";
            target: {
                address: string;
                family?: "ipv4" | "ipv6" | undefined;
                kind: "clusterIp" | "nodePort" | "podIp" | "serviceDns";
                node?: string | undefined;
                protocol?: "sctp" | "tcp" | "udp" | undefined;
            };
        }[];
        nodes: {
            backend: "iptables-legacy" | "iptables-nft" | "nftables";
            family?: "ipv4" | "ipv6" | undefined;
            node: string;
            paths: {
                hops: {
                    chain: string;
                    effect: "accept" | "dnat" | "drop" | "goto" | "jump" | "mark" | "masquerade" | "notrack" | "reject" | "return" | "snat" | "unknown" | "update";
                    object?: {
                        kind: string;
                        name: string;
                        namespace?: string | undefined;
                    } | undefined;
                    owner?: string | undefined;
                    rule: string;
                    setting?: {
                        name: string;
                        required: string;
                        value: string;
                    } | undefined;
                    table: string;
                    text: string;
                    to?: string | undefined;
                }[];
                probability: number;
            }[];
            protocol?: "sctp" | "tcp" | "udp" | undefined;
            rules: string[];
        }[];
        ok: boolean;
        omittedCells?: number | undefined;
        omittedNodes?: number | undefined;
        proxyMode: "iptables" | "nftables" | "none" | "unknown";
        report: string;
    };
};
type Key = keyof LabContract;
/** The type that `requireLab` returns for each output: never undefined. */
type LabOutput<K extends Key> = NonNullable<LabContract[K]>;

/** An error that the user can fix. It ends the program, and Pulumi shows its message without a stack. */
declare class UserError extends RunError {
    constructor(message: string, options?: {
        cause?: unknown;
    });
}

/**
 * A reference to the stack of a lab. A StackReference to a missing stack ends the program with "unknown stack", which can't
 * be caught: https://github.com/pulumi/pulumi/issues/16591
 * @param stack its full name, `<organization>/<project>/<stack>`
 * @throws UserError with the project's stacks, if this one doesn't exist
 */
declare function labReference(stack: string, opts?: pulumi.CustomResourceOptions): Promise<pulumi.StackReference>;

interface LabParts {
    cluster: LabCluster;
    service: pulumi.Output<Service>;
    echo: EchoDeployment;
    verification: Verification;
}
/** The contract's outputs. */
declare function labOutputs({ cluster, service, echo, verification }: LabParts): {
    [K in keyof LabContract]: pulumi.Input<LabContract[K]>;
};
/**
 * Reads one output of another stack's lab, with its type. It is secret if it is secret there; the kubeconfig always is.
 * @throws UserError (in the output) if the stack has no outputs, outputs of another contract, or not this output
 */
declare function requireLab<K extends keyof LabContract>(lab: pulumi.StackReference, key: K): pulumi.Output<LabOutput<K>>;

export { UserError, labOutputs, labReference, requireLab, schema };
export type { LabContract, LabOutput };
