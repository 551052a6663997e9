import { RunError } from '@pulumi/pulumi/errors.js';
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';

/** An error that the user can fix. It ends the program, and Pulumi shows its message without a stack. */
declare class UserError extends RunError {
    constructor(message: string, options?: {
        cause?: unknown;
    });
}

/** What a check of a NodePort is asked for, and what it answers. */

type CheckedRequest = {
    address: string;
    client: string;
    detail?: string | undefined;
    how: "measured" | "predicted";
    node?: string | undefined;
    observed: "dns" | "http" | "ok" | "other" | "refused" | "silent" | "timeout" | "unknown";
    ok: boolean;
    status?: number | undefined;
};
type CheckFinding = {
    evidence: string[];
    fix?: string | undefined;
    kind: string;
    title: string;
    weight: "cause" | "note" | "suspect";
};

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

interface NodePortServiceArgs {
    /** The workload behind the Service. Selector, namespace and target port come from it, so they always match. */
    echo: {
        /** The pods' labels. */
        labels: pulumi.Input<Record<string, pulumi.Input<string>>>;
        /** The pods' namespace. */
        namespace: pulumi.Input<string>;
        /** The pods' port, the same number for TCP and UDP. */
        port: pulumi.Input<number>;
        /** The name of the Service's TCP port. The UDP port has this name with "-udp" at its end. */
        portName: pulumi.Input<string>;
    };
    /** The Service's name. @default the component's name */
    name?: pulumi.Input<string>;
    /** The port on every node, 30000 to 32767. @default assigned by the cluster */
    nodePort?: pulumi.Input<number>;
    /** The port on the ClusterIP. @default the echo's port */
    port?: pulumi.Input<number>;
    /** The address families; the first one is the primary one. A change replaces the Service. @default the cluster's first one */
    ipFamilies?: pulumi.Input<pulumi.Input<"IPv4" | "IPv6">[]>;
    /** The protocols of the port. For both, port and nodePort have the same number. @default ["TCP"] */
    protocols?: pulumi.Input<pulumi.Input<"TCP" | "UDP">[]>;
    /** Cluster: every node forwards to any pod. Local: only to its own pods, with the client's address. @default "Cluster" */
    externalTrafficPolicy?: pulumi.Input<"Cluster" | "Local">;
    /** None: each connection goes to a random pod. ClientIP: all of one client address to the same pod. @default "None" */
    sessionAffinity?: pulumi.Input<"None" | "ClientIP">;
}
/** A Service of type NodePort, which answers on one port of every node. */
declare class NodePortService extends pulumi.ComponentResource {
    /** The Service's uid: it changes when the Service is replaced. */
    readonly uid: pulumi.Output<string>;
    /** The Service as the API server stores it, with its ClusterIP and nodePort. */
    readonly service: pulumi.Output<Service>;
    constructor(name: string, args: NodePortServiceArgs, opts?: pulumi.ComponentResourceOptions);
}

/** What must answer, and from where. */
interface NodePortExpectation {
    /**
     * "outside" is measured: this machine, where Pulumi runs, sends a request to the nodePort of every node. "nodes" is predicted
     * from the rules of the nodes: no request is sent, and each node's own processes must reach a pod through every node.
     * With externalTrafficPolicy Local, only nodes with an endpoint must answer.
     */
    from: pulumi.Input<pulumi.Input<"outside" | "nodes">[]>;
    /** The HTTP status that requests from outside must get. @default none: a TCP connection is enough */
    status?: pulumi.Input<number>;
    /** The path of the HTTP request. @default "/" */
    path?: pulumi.Input<string>;
    /** The name or number of the Service's port. @default all; UDP ports are only predicted */
    port?: pulumi.Input<number | string>;
    /**
     * What requests from outside call, as "host:port": for nodes whose InternalIP this machine can't reach, such as those of
     * Docker Desktop. @default the InternalIP of every node, with the nodePort
     */
    addresses?: pulumi.Input<pulumi.Input<string>[]>;
}
interface NodePortCheckArgs {
    /** The Service: a Service of @pulumi/kubernetes, a NodePortService, or a namespace and a name. */
    service: k8s.core.v1.Service | NodePortService | pulumi.Input<{
        namespace: string;
        name: string;
    }>;
    /** What must answer, and from where. */
    expect: NodePortExpectation;
    /** The path of the cluster's kubeconfig. @default as for kubectl: KUBECONFIG, else ~/.kube/config */
    kubeconfigPath?: pulumi.Input<string>;
    /** A context of the kubeconfig. @default its current one */
    context?: pulumi.Input<string>;
    /** A Deployment, DaemonSet or StatefulSet behind the Service: the check runs again when it changes. @default none */
    workload?: {
        readonly metadata: pulumi.Output<k8s.types.output.meta.v1.ObjectMeta>;
    };
    /** Runs the check on every update. @default false: when an argument, the Service or the workload changes */
    always?: boolean;
    /** How long the NodePort may take until it answers, in seconds. @default 60 */
    waitSeconds?: pulumi.Input<number>;
    /**
     * A pod with curl or wget that also sends requests to every node, by exec. Without it the check runs only programs that read.
     * @default none
     */
    probePod?: pulumi.Input<{
        namespace: string;
        name: string;
    }>;
}
/**
 * Fails the update if a Service's NodePort doesn't answer a client that should reach it; the error has the findings of
 * `nodeport-lab diagnose` that explain why. It only reads the cluster, with the rights of docs/diagnose-rbac.yaml: objects, and
 * by exec the rules of each node in its kube-proxy pod; after a failure also which ports a pod of the Service listens on.
 * It notices changes made outside Pulumi only with `always`.
 */
declare class NodePortCheck extends pulumi.ComponentResource {
    /** Always true: a failed check is an error, not an output. */
    readonly ok: pulumi.Output<boolean>;
    /** When the check ran last, in ISO 8601. */
    readonly checkedAt: pulumi.Output<string>;
    /** Each request, how its result is known ("measured" or "predicted"), and the result. */
    readonly requests: pulumi.Output<CheckedRequest[]>;
    /** What the diagnosis found although the NodePort answers, such as pods that aren't ready. */
    readonly findings: pulumi.Output<CheckFinding[]>;
    constructor(name: string, args: NodePortCheckArgs, opts?: pulumi.ComponentResourceOptions);
}

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
interface ClusterImageArgs {
    /** The kind cluster to load the image into. */
    cluster: {
        id: pulumi.Input<string>;
        name: pulumi.Input<string>;
    };
    /** The tag of an image in the Docker engine. @default none: `archive` is loaded */
    image?: pulumi.Input<string>;
    /** The path of an image archive, as `docker save` writes it; instead of `image`. @default none: `image` is loaded */
    archive?: pulumi.Input<string>;
    /** Names of the nodes to load it on; each takes time and disk space. Empty: every node. @default every node */
    nodes?: pulumi.Input<pulumi.Input<string>[]>;
}
/**
 * Loads an image of the Docker engine, or an archive, on nodes of a kind cluster. A new build of the same tag, or another
 * content of the archive, is loaded again.
 */
declare class ClusterImage extends pulumi.ComponentResource implements PodImage {
    /** The image's tag, for an archive its first one; available once the image is on the nodes. */
    readonly reference: pulumi.Output<string>;
    /** The id of the image's content (sha256:…); available once the image is on the nodes. */
    readonly id: pulumi.Output<string>;
    constructor(name: string, args: ClusterImageArgs, opts?: pulumi.ComponentResourceOptions);
}

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

interface DnsUtilsArgs {
    /** The dnsutils image (toolchain/images/dnsutils), or another one with sh and curl, and echo-get for a Service with UDP. */
    image: PodImage;
    /** The Pod's namespace, which must exist. @default "default" */
    namespace?: pulumi.Input<string>;
    /** The Pod's name. @default the component's name */
    name?: pulumi.Input<string>;
    /** The name of the node that runs it (its label kubernetes.io/hostname). @default the scheduler's choice */
    node?: pulumi.Input<string>;
}
/** A client inside the cluster: a Pod with curl, wget, dig and echo-get. */
declare class DnsUtils extends pulumi.ComponentResource {
    /** The Pod's name; available once the Pod is ready. */
    readonly name: pulumi.Output<string>;
    /** The Pod's namespace. */
    readonly namespace: pulumi.Output<string>;
    /** The Pod's uid: it changes when the Pod is replaced. */
    readonly uid: pulumi.Output<string>;
    /** The Pod as a client of a Verification. */
    readonly client: pulumi.Output<Client>;
    constructor(name: string, args: DnsUtilsArgs, opts?: pulumi.ComponentResourceOptions);
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

interface ExistingClusterArgs {
    /** The cluster's name, as in the kubeconfig. */
    name: string;
    /** Identifies the cluster, such as the uid of its namespace kube-system. If it changes, everything inside is recreated. */
    id: string;
    /** The path of the kubeconfig. Its text would be stored in the state. */
    kubeconfig: string;
    /** A context of the kubeconfig. The current one may change at any time. */
    context: string;
    /** Names of the nodes to read, which must exist. */
    nodes: string[];
}
/** A cluster that already exists. The component only reads it; `inside` deploys to it. */
declare class ExistingCluster extends pulumi.ComponentResource implements LabCluster {
    /** The cluster's id, as in the args. */
    readonly id: pulumi.Output<string>;
    /** The cluster's name, as in the args. */
    readonly name: pulumi.Output<string>;
    /** The path of the kubeconfig, as in the args. */
    readonly kubeconfigPath: pulumi.Output<string>;
    /** The kubeconfig's context, as in the args. */
    readonly context: pulumi.Output<string>;
    /** The named nodes, in that order; read from the API server on every update. */
    readonly nodes: pulumi.Output<Node[]>;
    /** Empty: no program runs on the nodes themselves. */
    readonly nodeRunners: pulumi.Output<Record<string, Runner>>;
    /** Resource options for components inside the cluster: its Kubernetes provider. */
    readonly inside: pulumi.ComponentResourceOptions;
    constructor(name: string, args: ExistingClusterArgs, opts?: pulumi.ComponentResourceOptions);
}

interface KindNetworkingArgs {
    /** The IP families of pods and Services: ipv4, ipv6 or dual. @default "ipv4" */
    ipFamily?: pulumi.Input<"ipv4" | "ipv6" | "dual">;
    /** The address of the Docker host on which the API server listens. @default "127.0.0.1", or "::1" with ipFamily ipv6 */
    apiServerAddress?: pulumi.Input<string>;
    /** The port on which it listens there; 0: kind chooses a free one; -1: the engine does, again at each start. @default 0 */
    apiServerPort?: pulumi.Input<number>;
    /** The pods' subnet; with ipFamily dual, one of each family, separated by a comma. @default "10.244.0.0/16" */
    podSubnet?: pulumi.Input<string>;
    /** The Services' subnet, likewise. @default "10.96.0.0/16" */
    serviceSubnet?: pulumi.Input<string>;
    /** Whether you install a network plugin yourself. Nodes become Ready only after that. @default false */
    disableDefaultCNI?: pulumi.Input<boolean>;
    /** How kube-proxy programs the kernel: iptables, nftables or ipvs; none: no kube-proxy runs. @default "iptables" */
    kubeProxyMode?: pulumi.Input<"iptables" | "nftables" | "ipvs" | "none">;
    /** The nodes' DNS search domains; an empty list removes all. @default the Docker host's */
    dnsSearch?: pulumi.Input<pulumi.Input<string>[]>;
}
interface KindRegistryArgs {
    /** The container's name. An existing container is used, otherwise one is started, and destroyed with the cluster. @default "kind-registry" */
    name?: pulumi.Input<string>;
    /** The port of 127.0.0.1 that images are pushed to, as localhost:5001/name:tag; pods use the same name. @default 5001 */
    port?: pulumi.Input<number>;
    /** The image of a registry that is started. @default "registry:3" */
    image?: pulumi.Input<string>;
}

/** What can't change in place recreates the cluster; the preview names the fields. */
interface KindClusterArgs {
    /** The kind cluster's name, and the prefix of its node names. A change recreates the cluster. @default the component's name */
    name?: string;
    /** The nodes, in kind's order. A new or a removed node recreates the cluster. @default one control plane, and `workers` */
    nodes?: KindNodeArgs[];
    /** The number of workers next to one control plane, 0 to 50; instead of `nodes`. A change recreates the cluster. @default 0 */
    workers?: number;
    /**
     * The node image: a tag in the Docker engine or in a registry. A change recreates the cluster.
     * @default an existing cluster's own, else nodeport-lab/node:1.36 if the lab's set-up has built it, else kind's, by digest
     */
    nodeImage?: pulumi.Input<string>;
    /**
     * Publishes a nodePort of the first control plane on 127.0.0.1 of the Docker host, for TCP if there are no protocols. A change
     * recreates the cluster.
     * @default none
     */
    publish?: pulumi.Input<{
        hostPort: number;
        nodePort: number;
        protocols?: ("TCP" | "UDP")[];
    }>;
    /** Cluster-wide network settings. A change recreates the cluster. @default kind's */
    networking?: pulumi.Input<KindNetworkingArgs>;
    /** Kubernetes feature gates, for all components. A change recreates the cluster. @default Kubernetes' own */
    featureGates?: pulumi.Input<Record<string, pulumi.Input<boolean>>>;
    /** The API server's --runtime-config, such as `{ "api/alpha": "true" }`. A change recreates the cluster. @default none */
    runtimeConfig?: pulumi.Input<Record<string, pulumi.Input<string>>>;
    /** Merge patches, as YAML, of every node's kubeadm configuration. A change recreates the cluster. @default none */
    kubeadmConfigPatches?: pulumi.Input<pulumi.Input<string>[]>;
    /** JSON 6902 patches of every node's kubeadm configuration. A change recreates the cluster. @default none */
    kubeadmConfigPatchesJSON6902?: pulumi.Input<pulumi.Input<KindPatchJSON6902Args>[]>;
    /** Merge patches, as TOML, of every node's containerd configuration. A change recreates the cluster. @default none */
    containerdConfigPatches?: pulumi.Input<pulumi.Input<string>[]>;
    /** JSON 6902 patches, as JSON, of every node's containerd configuration. A change recreates the cluster. @default none */
    containerdConfigPatchesJSON6902?: pulumi.Input<pulumi.Input<string>[]>;
    /** A local registry, in a container next to the nodes. Changes in place. @default none */
    registry?: KindRegistryArgs;
    /** Images of the Docker engine to load on every node; ClusterImage chooses the nodes. Changes in place. @default none */
    images?: string[];
    /** Paths of image archives, as `docker save` writes them, to load on every node. Changes in place. @default none */
    imageArchives?: string[];
    /** Keeps the nodes for inspection if the creation fails; the next update replaces them. @default false */
    retain?: pulumi.Input<boolean>;
    /**
     * How many seconds to wait until all nodes are Ready; 0 doesn't wait for that.
     * @default 180 or 4 times as long as the creation took; 0 with networking.disableDefaultCNI
     */
    waitForReady?: pulumi.Input<number>;
    /**
     * Takes over a kind cluster of this name that another program created, if its nodes have the names and images that these
     * arguments give them; nothing else is compared. From then on it is this stack's, and `pulumi destroy` deletes it.
     * @default false: such a cluster is an error
     */
    adopt?: pulumi.Input<boolean>;
    /**
     * kind's own configuration (kind.x-k8s.io/v1alpha4), as YAML or as an object, for fields without an argument here. The
     * arguments for nodes, networking, patches and feature gates aren't allowed next to it. kind checks it when it creates the
     * cluster. A change recreates the cluster, except for labels.
     * @default made from the other arguments
     */
    kindConfig?: string | Record<string, unknown>;
}
interface KindNodeArgs {
    /** control-plane or worker. In front of several control planes kind starts a load balancer. @default "control-plane" */
    role?: "control-plane" | "worker";
    /** The node's image. A change recreates the cluster. @default nodeImage */
    image?: pulumi.Input<string>;
    /** Labels of the Node, of any key; labels that are set elsewhere stay. Change in place. @default none */
    labels?: pulumi.Input<Record<string, pulumi.Input<string>>>;
    /** Taints of the Node; taints that are set elsewhere stay. Change in place. @default none */
    taints?: pulumi.Input<pulumi.Input<KindTaintArgs>[]>;
    /** Paths of the Docker host that are mounted into the node. A change recreates the cluster. @default none */
    extraMounts?: pulumi.Input<pulumi.Input<KindMountArgs>[]>;
    /** Ports of the node that the Docker host publishes. A change recreates the cluster. @default none */
    extraPortMappings?: pulumi.Input<pulumi.Input<KindPortMappingArgs>[]>;
    /** Merge patches, as YAML, of the node's kubeadm configuration. A change recreates the cluster. @default none */
    kubeadmConfigPatches?: pulumi.Input<pulumi.Input<string>[]>;
    /** JSON 6902 patches of the node's kubeadm configuration. A change recreates the cluster. @default none */
    kubeadmConfigPatchesJSON6902?: pulumi.Input<pulumi.Input<KindPatchJSON6902Args>[]>;
}
interface KindTaintArgs {
    /** The taint's key. */
    key: pulumi.Input<string>;
    /** The taint's value. @default none */
    value?: pulumi.Input<string>;
    /** What happens to pods without a toleration: NoSchedule, PreferNoSchedule or NoExecute. */
    effect: pulumi.Input<"NoSchedule" | "PreferNoSchedule" | "NoExecute">;
}
interface KindMountArgs {
    /** An absolute path in the node. */
    containerPath: pulumi.Input<string>;
    /** A path on the Docker host, absolute or relative to the program. */
    hostPath: pulumi.Input<string>;
    /** Whether the node can't write there. @default false */
    readOnly?: pulumi.Input<boolean>;
    /** Whether the files get an SELinux label that containers may use. @default false */
    selinuxRelabel?: pulumi.Input<boolean>;
    /** Whether later mounts below the path appear on the other side: None, HostToContainer or Bidirectional. @default "None" */
    propagation?: pulumi.Input<"None" | "HostToContainer" | "Bidirectional">;
}
interface KindPortMappingArgs {
    /** A port of the node, such as a nodePort. */
    containerPort: pulumi.Input<number>;
    /** The port of the Docker host; 0: kind chooses a free one; -1: the engine does, again at each start. @default 0 */
    hostPort?: pulumi.Input<number>;
    /** The address of the Docker host that the port listens on. @default "0.0.0.0", or "::" with ipFamily ipv6 */
    listenAddress?: pulumi.Input<string>;
    /** TCP, UDP or SCTP. @default "TCP" */
    protocol?: pulumi.Input<"TCP" | "UDP" | "SCTP">;
}
interface KindPatchJSON6902Args {
    /** The API group of the patched object, such as kubeadm.k8s.io. */
    group: pulumi.Input<string>;
    /** The API version of the patched object, such as v1beta4. */
    version: pulumi.Input<string>;
    /** The kind of the patched object, such as ClusterConfiguration. */
    kind: pulumi.Input<string>;
    /** A list of operations (RFC 6902), as YAML or JSON. */
    patch: pulumi.Input<string>;
}

/**
 * A kind cluster that repairs itself: an update recreates it if it is missing, incomplete or has other settings, starts
 * stopped nodes, and restores a lost kubeconfig. Resources inside depend on `id` and are recreated with it.
 * The component's name is part of the cluster's owner mark: two clusters in one stack need different names.
 */
declare class KindCluster extends pulumi.ComponentResource implements LabCluster {
    /** Identifies the cluster: a recreated cluster of the same name has another id. */
    readonly id: pulumi.Output<string>;
    /** The kind cluster's name; available once its nodes run, for a new cluster before `kubeconfig` is. */
    readonly name: pulumi.Output<string>;
    /** The administrator's kubeconfig, secret. Also in the file `kubeconfigPath`, mode 0600. */
    readonly kubeconfig: pulumi.Output<string>;
    /** The same for containers on kind's network, secret. */
    readonly internalKubeconfig: pulumi.Output<string>;
    /** The path of the kubeconfig, relative to the program. */
    readonly kubeconfigPath: pulumi.Output<string>;
    /** The API server's address, for the Docker host. */
    readonly endpoint: pulumi.Output<string>;
    /** The certificate of the cluster's authority, in PEM. */
    readonly clusterCaCertificate: pulumi.Output<string>;
    /** The administrator's certificate, in PEM, secret. */
    readonly clientCertificate: pulumi.Output<string>;
    /** The administrator's private key, in PEM, secret. */
    readonly clientKey: pulumi.Output<string>;
    /** The Docker network of the nodes. */
    readonly network: pulumi.Output<string>;
    /** Where to push images for `registry`, such as localhost:5001; absent without one. */
    readonly registry?: pulumi.Output<string>;
    /** Control planes first, then the workers in kind's order; read from the API server on every update. */
    readonly nodes: pulumi.Output<Node[]>;
    /** How to run a program on each node, by node name. */
    readonly nodeRunners: pulumi.Output<Record<string, Runner>>;
    /** The cluster's Kubernetes provider. It is ready once labels, taints, images and the registry are. */
    readonly provider: k8s.Provider;
    /** Resource options for components inside the cluster: its Kubernetes provider, and deletion with the cluster. */
    readonly inside: pulumi.ComponentResourceOptions;
    constructor(name: string, args?: KindClusterArgs, opts?: pulumi.ComponentResourceOptions);
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

/**
 * A reference to the stack of a lab. A StackReference to a missing stack ends the program with "unknown stack", which can't
 * be caught: https://github.com/pulumi/pulumi/issues/16591
 * @param stack its full name, `<organization>/<project>/<stack>`
 * @throws UserError with the project's stacks, if this one doesn't exist
 */
declare function labReference(stack: string, opts?: pulumi.CustomResourceOptions): Promise<pulumi.StackReference>;

/**
 * Reads one output of another stack's lab, with its type. It is secret if it is secret there; the kubeconfig always is.
 * @throws UserError (in the output) if the stack has no outputs, outputs of another contract, or not this output
 */
declare function requireLab<K extends keyof LabContract>(lab: pulumi.StackReference, key: K): pulumi.Output<LabOutput<K>>;

interface NodeProbeArgs {
    /** The dnsutils image, which also contains iptables, nft and conntrack. */
    image: PodImage;
    /** The DaemonSet's namespace, which must exist. @default "default" */
    namespace?: pulumi.Input<string>;
    /** The DaemonSet's name, and the value of its pods' label `app`. @default the component's name */
    name?: pulumi.Input<string>;
    /** Names of the nodes that run it. @default all nodes */
    nodes?: string[];
}
/**
 * A client on every node that also reads and traces the kernel's rules: a DaemonSet on the nodes' network. This needs root
 * with NET_ADMIN and NET_RAW, so its namespace must allow privileged pods.
 */
declare class NodeProbe extends pulumi.ComponentResource {
    /** The DaemonSet's name; available once it runs on every node. */
    readonly name: pulumi.Output<string>;
    /** The DaemonSet's namespace. */
    readonly namespace: pulumi.Output<string>;
    /** The pods' labels. */
    readonly labels: pulumi.Output<Record<string, string>>;
    /** The pods as clients of a Verification, each on its node's network. */
    readonly clients: pulumi.Output<ClientGroup>;
    constructor(name: string, args: NodeProbeArgs, opts?: pulumi.ComponentResourceOptions);
}

interface OutsideClientArgs {
    /** The kind cluster whose network it joins. */
    cluster: {
        id: pulumi.Input<string>;
        name: pulumi.Input<string>;
    };
    /** The dnsutils image: a tag in the Docker engine. */
    image: pulumi.Input<string>;
}
/** A client outside the cluster: a container on kind's Docker network, next to the nodes. */
declare class OutsideClient extends pulumi.ComponentResource {
    /** The container as a client of a Verification. */
    readonly client: pulumi.Output<Client>;
    constructor(name: string, args: OutsideClientArgs, opts?: pulumi.ComponentResourceOptions);
}

export { ClusterImage, DnsUtils, EchoDeployment, ExistingCluster, KindCluster, NodePortCheck, NodePortService, NodeProbe, OutsideClient, UserError, Verification, labReference, requireLab, schema };
export type { ClusterImageArgs, DnsUtilsArgs, EchoDeploymentArgs, ExistingClusterArgs, KindClusterArgs, KindMountArgs, KindNetworkingArgs, KindNodeArgs, KindPatchJSON6902Args, KindPortMappingArgs, KindRegistryArgs, KindTaintArgs, LabCluster, LabContract, LabOutput, NodePortCheckArgs, NodePortExpectation, NodePortServiceArgs, NodeProbeArgs, OutsideClientArgs, PodImage, VerificationArgs };
