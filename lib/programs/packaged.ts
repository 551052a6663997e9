/** Defined by the build of the package (buildPackage.mjs). */
declare const NODEPORT_LAB_PACKAGED: true | undefined;

/** Whether this is the compiled package. Otherwise it is the repository, with the lab, its npm scripts and its set-up. */
export const isPackaged = typeof NODEPORT_LAB_PACKAGED !== "undefined";
