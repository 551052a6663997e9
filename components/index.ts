/** The package's exports: the components, and the contract of the lab's outputs with its reader. */
export { UserError } from "../lib/userError.ts";
export { NodePortCheck, type NodePortCheckArgs, type NodePortExpectation } from "./check/nodePortCheck.ts";
export { ClusterImage, type ClusterImageArgs, type PodImage } from "./clusterImage.ts";
export { DnsUtils, type DnsUtilsArgs } from "./dnsUtils.ts";
export { EchoDeployment, type EchoDeploymentArgs } from "./echoDeployment.ts";
export { ExistingCluster, type ExistingClusterArgs } from "./existingCluster.ts";
export type * from "./kind/kindClusterArgs.ts";
export type * from "./kind/kindNetworkArgs.ts";
export { KindCluster } from "./kindCluster.ts";
export { type LabContract, type LabOutput, labReference, requireLab, schema } from "./lab/labOutputs.ts";
export type { LabCluster } from "./labCluster.ts";
export { NodePortService, type NodePortServiceArgs } from "./nodePortService.ts";
export { NodeProbe, type NodeProbeArgs } from "./nodeProbe.ts";
export { OutsideClient, type OutsideClientArgs } from "./outsideClient.ts";
export { Verification, type VerificationArgs } from "./verification.ts";
