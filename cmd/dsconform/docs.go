package main

import (
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/dsconform/dsconform/internal/exit"
)

// newDocsCommand makes the hidden command that prints docs/cli.md; `make
// update` writes the file, `make verify` compares it.
func newDocsCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "docs",
		Short:  "Print the command line's reference as Markdown",
		Hidden: true,
		Args:   noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			root := newRootCommand()
			root.DisableAutoGenTag = true
			return writeDocs(cmd.OutOrStdout(), root)
		},
	}
}

func writeDocs(w io.Writer, cmd *cobra.Command) error {
	link := func(name string) string { return "#" + anchor(name) }
	if err := doc.GenMarkdownCustom(cmd, w, link); err != nil {
		return exit.Environmentf("print the reference: %w", err)
	}
	for _, sub := range cmd.Commands() {
		if !sub.IsAvailableCommand() || sub.IsAdditionalHelpTopicCommand() {
			continue
		}
		if err := writeDocs(w, sub); err != nil {
			return err
		}
	}
	return nil
}

// anchor turns cobra's file name dsconform_cluster_node.md into the anchor of the heading "dsconform cluster node".
func anchor(file string) string {
	out := make([]rune, 0, len(file))
	for _, r := range file[:len(file)-len(".md")] {
		if r == '_' {
			r = '-'
		}
		out = append(out, r)
	}
	return string(out)
}
