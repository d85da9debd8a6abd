// Package troubleshooting holds the specs of the guide's troubleshooting: each
// row of its table is provoked, its signals are looked for where the guide says
// they are, its remedy is applied, and the DaemonSet is seen to heal. The five
// diagnosis steps are run as commands.
//
// What may not live here: the broken manifests (fixtures/broken).
package troubleshooting
