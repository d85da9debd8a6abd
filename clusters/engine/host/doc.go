// Package host reads and changes the few things of this machine that a private
// container engine depends on or leaves behind: processes, mounts, cgroups,
// network links.
//
// What may not live here: any knowledge of engines. Everything works on the
// processes, paths and names it is given, and on no others.
package host
