// Package command is what the programs below hack have in common as commands: how
// they start and end, and how they read their flags.
//
// What may not live here: what one of them does.
package command
