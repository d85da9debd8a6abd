package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// shortID is how many digits of an identifier tables show.
const shortID = 13

func short(id string) string {
	id = strings.TrimPrefix(id, "sha256:")
	return id[:min(shortID, len(id))]
}

func table(out io.Writer, header string, rows func(row func(cells ...string))) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	if _, err := fmt.Fprintln(w, header); err != nil {
		return err
	}
	var failed error
	rows(func(cells ...string) {
		if _, err := fmt.Fprintln(w, strings.Join(cells, "\t")); err != nil {
			failed = err
		}
	})
	if failed != nil {
		return failed
	}
	return w.Flush()
}

func listImages(ctx context.Context, c runtimeapi.ImageServiceClient, out io.Writer) error {
	r, err := c.ListImages(ctx, &runtimeapi.ListImagesRequest{})
	if err != nil {
		return fmt.Errorf("listing images: %w", err)
	}
	return table(out, "IMAGE\tTAG\tIMAGE ID\tSIZE", func(row func(...string)) {
		for _, i := range r.GetImages() {
			tags := i.GetRepoTags()
			if len(tags) == 0 {
				tags = []string{"<none>:<none>"}
			}
			for _, tag := range tags {
				name, version := splitTag(tag)
				row(name, version, short(i.GetId()), fmt.Sprintf("%.1fMB", float64(i.GetSize())/1e6))
			}
		}
	})
}

// splitTag parts name and tag at the last colon, which a port may come before.
func splitTag(ref string) (name, tag string) {
	at := strings.LastIndex(ref, ":")
	if at < 0 {
		return ref, ""
	}
	return ref[:at], ref[at+1:]
}

// imageStatus is the part of crictl's answer that kind reads.
type imageStatus struct {
	Status struct {
		ID          string   `json:"id"`
		RepoTags    []string `json:"repoTags"`
		RepoDigests []string `json:"repoDigests"`
		Size        string   `json:"size"`
	} `json:"status"`
}

func inspectImages(ctx context.Context, c runtimeapi.ImageServiceClient, refs []string, out io.Writer) error {
	if len(refs) == 0 {
		return errUsage
	}
	for _, ref := range refs {
		r, err := c.ImageStatus(ctx, &runtimeapi.ImageStatusRequest{Image: &runtimeapi.ImageSpec{Image: ref}})
		if err != nil {
			return fmt.Errorf("inspecting the image %s: %w", ref, err)
		}
		i := r.GetImage()
		if i == nil {
			return fmt.Errorf("no such image %q present", ref)
		}
		var s imageStatus
		s.Status.ID, s.Status.RepoTags, s.Status.RepoDigests = i.GetId(), i.GetRepoTags(), i.GetRepoDigests()
		s.Status.Size = fmt.Sprint(i.GetSize())
		text, err := json.MarshalIndent(s, "", "  ")
		if err != nil {
			return fmt.Errorf("encoding the answer: %w", err)
		}
		if _, err := fmt.Fprintf(out, "%s\n", text); err != nil {
			return err
		}
	}
	return nil
}

func listContainers(ctx context.Context, c runtimeapi.RuntimeServiceClient, all bool, out io.Writer) error {
	filter := &runtimeapi.ContainerFilter{}
	if !all {
		filter.State = &runtimeapi.ContainerStateValue{State: runtimeapi.ContainerState_CONTAINER_RUNNING}
	}
	r, err := c.ListContainers(ctx, &runtimeapi.ListContainersRequest{Filter: filter})
	if err != nil {
		return fmt.Errorf("listing containers: %w", err)
	}
	return table(out, "CONTAINER\tSTATE\tCREATED\tNAME\tATTEMPT\tPOD ID\tPOD", func(row func(...string)) {
		for _, i := range r.GetContainers() {
			row(short(i.GetId()), state(i.GetState().String()), created(i.GetCreatedAt()), i.GetMetadata().GetName(),
				fmt.Sprint(i.GetMetadata().GetAttempt()), short(i.GetPodSandboxId()), i.GetLabels()["io.kubernetes.pod.name"])
		}
	})
}

func listPods(ctx context.Context, c runtimeapi.RuntimeServiceClient, out io.Writer) error {
	r, err := c.ListPodSandbox(ctx, &runtimeapi.ListPodSandboxRequest{})
	if err != nil {
		return fmt.Errorf("listing pods: %w", err)
	}
	return table(out, "POD ID\tCREATED\tSTATE\tNAME\tNAMESPACE\tATTEMPT", func(row func(...string)) {
		for _, i := range r.GetItems() {
			m := i.GetMetadata()
			row(short(i.GetId()), created(i.GetCreatedAt()), state(i.GetState().String()), m.GetName(), m.GetNamespace(), fmt.Sprint(m.GetAttempt()))
		}
	})
}

// state gives a state as people read it: CONTAINER_RUNNING is "running".
func state(name string) string {
	_, s, _ := strings.Cut(name, "_")
	return strings.ToLower(s)
}

// created gives a time in nanoseconds since 1970 as RFC 3339.
func created(ns int64) string { return time.Unix(0, ns).UTC().Format(time.RFC3339) }
