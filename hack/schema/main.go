// Command schema prints the JSON schema of a file that is read by others, the
// report's or that of a mutation run, made from its types: their fields for the
// shape, their comments for the descriptions, so that neither can be stale.
//
// It is run in the repository's root: go run ./hack/schema report > reports/report.schema.json
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/dsconform/dsconform/hack/mutation/result"
	"github.com/dsconform/dsconform/internal/exit"
	"github.com/dsconform/dsconform/reports"
)

// subject is a file that has a schema.
type subject struct {
	// root is the type of the whole file.
	root reflect.Type
	// sources are the files where its types and their comments stand.
	sources []string
	// apiVersion and kind are what the file calls itself.
	apiVersion, kind string
	// enums are the types of few values.
	enums map[reflect.Type]*jsonschema.Schema
}

// subjects are the files by the name they have here.
func subjects() map[string]subject {
	return map[string]subject{
		"report": {
			root: reflect.TypeFor[reports.Report](), sources: []string{"reports/types.go"}, apiVersion: reports.APIVersion, kind: reports.Kind,
			enums: map[reflect.Type]*jsonschema.Schema{
				reflect.TypeFor[reports.State]():   enum(reports.Passed, reports.Failed, reports.Unknown, reports.Skipped),
				reflect.TypeFor[reports.Verdict](): enum(reports.Conformant, reports.Incomplete, reports.NotConformant, reports.NoVerdict, reports.SuiteFault),
			},
		},
		"mutation": {
			root: reflect.TypeFor[result.Result](), sources: []string{"hack/mutation/result/types.go", "hack/internal/trial/machine.go"},
			apiVersion: result.APIVersion, kind: result.Kind,
			enums: map[reflect.Type]*jsonschema.Schema{
				reflect.TypeFor[result.State](): enum(result.Killed, result.Survived, result.Equivalent, result.Unjudged, result.Broken, result.Pending),
			},
		},
	}
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "schema: say of what: report or mutation")
		os.Exit(int(exit.Usage))
	}
	s, ok := subjects()[os.Args[1]]
	if !ok {
		fmt.Fprintf(os.Stderr, "schema: there is no schema of %q: say report or mutation\n", os.Args[1])
		os.Exit(int(exit.Usage))
	}
	if err := write(os.Stdout, s); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(int(exit.Internal))
	}
}

func write(w io.Writer, of subject) error {
	schema, err := jsonschema.ForType(of.root, &jsonschema.ForOptions{TypeSchemas: of.enums})
	if err != nil {
		return fmt.Errorf("make the schema of a %s: %w", of.kind, err)
	}
	schema.Schema = "https://json-schema.org/draft/2020-12/schema"
	schema.ID = "urn:" + strings.ReplaceAll(of.apiVersion, "/", ":") + ":" + of.kind
	schema.Title = of.apiVersion + " " + of.kind
	comments := map[string]string{}
	for _, source := range of.sources {
		if err = fieldComments(source, comments); err != nil {
			return err
		}
	}
	describe(schema, of.root, comments)
	schema.Properties["apiVersion"].Const = jsonschema.Ptr[any](of.apiVersion)
	schema.Properties["kind"].Const = jsonschema.Ptr[any](of.kind)
	text, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the schema: %w", err)
	}
	if _, err := fmt.Fprintln(w, string(text)); err != nil {
		return fmt.Errorf("print the schema: %w", err)
	}
	return nil
}

func enum[T ~string](values ...T) *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "string"}
	for _, v := range values {
		s.Enum = append(s.Enum, string(v))
	}
	return s
}

// fieldComments adds the doc comments of all fields of a file, as "Type.Field".
func fieldComments(path string, comments map[string]string) error {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
	if err != nil {
		return fmt.Errorf("read the comments of the types (run this in the repository's root): %w", err)
	}
	before := len(comments)
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		if fields, ok := spec.Type.(*ast.StructType); ok {
			for _, f := range fields.Fields.List {
				for _, name := range f.Names {
					comments[spec.Name.Name+"."+name.Name] = strings.Join(strings.Fields(f.Doc.Text()), " ")
				}
			}
		}
		return true
	})
	if len(comments) == before {
		return errors.New("no commented type in " + path)
	}
	return nil
}

// describe puts the comments of t's fields, and of all types below, into its schema.
func describe(s *jsonschema.Schema, t reflect.Type, comments map[string]string) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		if t.Kind() == reflect.Slice {
			// No list is ever written as null.
			s.Type, s.Types = "array", nil
			s = s.Items
		}
		t = t.Elem()
	}
	if t.Kind() == reflect.Map {
		s.Type, s.Types = "object", nil
	}
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[time.Time]() {
		return
	}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		property := s.Properties[name]
		if property == nil {
			continue
		}
		property.Description = comments[t.Name()+"."+f.Name]
		describe(property, f.Type, comments)
	}
}
