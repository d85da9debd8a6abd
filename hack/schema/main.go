// Command schema prints the JSON schema of the report, made from the types of
// package reports: their fields for the shape, their comments for the
// descriptions, so that neither can be stale.
//
// It is run in the repository's root: go run ./hack/schema > reports/report.schema.json
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

	"github.com/dsconform/dsconform/reports"
)

// source is where the types and their comments stand.
const source = "reports/types.go"

func main() {
	if err := write(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(w io.Writer) error {
	schema, err := jsonschema.For[reports.Report](&jsonschema.ForOptions{
		TypeSchemas: map[reflect.Type]*jsonschema.Schema{
			reflect.TypeFor[reports.State]():   enum(reports.Passed, reports.Failed, reports.Unknown, reports.Skipped),
			reflect.TypeFor[reports.Verdict](): enum(reports.Conformant, reports.Incomplete, reports.NotConformant, reports.NoVerdict, reports.SuiteFault),
		},
	})
	if err != nil {
		return fmt.Errorf("make the schema of the report: %w", err)
	}
	schema.Schema = "https://json-schema.org/draft/2020-12/schema"
	schema.ID = "urn:" + strings.ReplaceAll(reports.APIVersion, "/", ":") + ":" + reports.Kind
	schema.Title = reports.APIVersion + " " + reports.Kind
	comments, err := fieldComments(source)
	if err != nil {
		return err
	}
	describe(schema, reflect.TypeFor[reports.Report](), comments)
	schema.Properties["apiVersion"].Const = jsonschema.Ptr[any](reports.APIVersion)
	schema.Properties["kind"].Const = jsonschema.Ptr[any](reports.Kind)
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

// fieldComments gives the doc comments of all fields, as "Type.Field".
func fieldComments(path string) (map[string]string, error) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
	if err != nil {
		return nil, fmt.Errorf("read the comments of the report's types (run this in the repository's root): %w", err)
	}
	comments := map[string]string{}
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
	if len(comments) == 0 {
		return nil, errors.New("no commented type in " + path)
	}
	return comments, nil
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
