/**
 * What the bindings to the kernel have in common: a mount as its user sees it, this machine's users
 * and groups, its table of mounts. {@link io.cairnfs.fuse.binding.KernelMount} is what a binding
 * makes. It knows of no binding.
 */
package io.cairnfs.fuse.binding;
