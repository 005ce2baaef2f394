// Fills in what a real Kubernetes API server's own libraries make of the cases
// in ../it/cases: `go run . strategic.json` and `go run . apply.json openapi.json`,
// where openapi.json is what the example `openapi` of crates/api prints for v3.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/kube-openapi/pkg/validation/spec"
)

type object = map[string]any

// The shapes of ours that the strategic cases use.
type port struct {
	Name     string `json:"name"`
	Protocol string `json:"protocol"`
	Port     *int32 `json:"port"`
}
type neighbor struct {
	Identifier  string                `json:"identifier"`
	Type        string                `json:"type"`
	DNS         string                `json:"dns"`
	DNSNames    []string              `json:"dnsNames"`
	Ports       []port                `json:"ports" patchStrategy:"merge" patchMergeKey:"name"`
	PodSelector *metav1.LabelSelector `json:"podSelector"`
	IPAddress   string                `json:"ipAddress"`
}
type neighbors struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		metav1.LabelSelector `json:",inline"`
		Ingress              []neighbor `json:"ingress" patchStrategy:"merge" patchMergeKey:"identifier"`
		Egress               []neighbor `json:"egress" patchStrategy:"merge" patchMergeKey:"identifier"`
	} `json:"spec"`
}
type container struct {
	Name         string   `json:"name"`
	Capabilities []string `json:"capabilities"`
	Syscalls     []string `json:"syscalls"`
	Execs        []struct {
		Path string   `json:"path"`
		Args []string `json:"args"`
	} `json:"execs" patchStrategy:"merge" patchMergeKey:"path"`
	Opens []struct {
		Path  string   `json:"path"`
		Flags []string `json:"flags"`
	} `json:"opens" patchStrategy:"merge" patchMergeKey:"path"`
	ImageID      string `json:"imageID"`
	RulePolicies map[string]struct {
		ProcessAllowed   []string `json:"processAllowed" patchStrategy:"merge"`
		ContainerAllowed bool     `json:"containerAllowed"`
	} `json:"rulePolicies"`
}
type profile struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		Architectures  []string    `json:"architectures"`
		Containers     []container `json:"containers" patchStrategy:"merge" patchMergeKey:"name"`
		InitContainers []container `json:"initContainers" patchStrategy:"merge" patchMergeKey:"name"`
	} `json:"spec"`
}
type scan struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		Controls map[string]struct {
			ControlID string `json:"controlID"`
			Name      string `json:"name"`
			Severity  struct {
				Severity    string  `json:"severity"`
				ScoreFactor float64 `json:"scoreFactor"`
			} `json:"severity"`
			Status struct {
				Status string `json:"status"`
				Info   string `json:"info"`
			} `json:"status"`
		} `json:"controls"`
		RelatedObjects []struct {
			Name string `json:"name"`
		} `json:"relatedObjects"`
	} `json:"spec"`
}

var kinds = map[string]any{
	"NetworkNeighbors":          &neighbors{},
	"ApplicationProfile":        &profile{},
	"WorkloadConfigurationScan": &scan{},
}

// What Go's encoder writes of an object that nothing was said of.
var blanks = map[string]object{
	"NetworkNeighbors":          {"metadata": object{}, "spec": object{"ingress": nil, "egress": nil}},
	"ApplicationProfile":        {"metadata": object{}, "spec": object{"architectures": nil}, "status": object{}},
	"WorkloadConfigurationScan": {"metadata": object{}, "spec": object{"controls": nil, "relatedObjects": nil}, "status": object{}},
}

type step struct {
	Apply   object `json:"apply,omitzero"`
	Create  object `json:"create,omitzero"`
	Merge   object `json:"merge,omitzero"`
	By      string `json:"by"`
	Force   bool   `json:"force,omitempty"`
	Then    any    `json:"then,omitzero"`
	Refused string `json:"refused,omitempty"`
	Causes  any    `json:"causes,omitzero"`
	Ours    any    `json:"ours,omitempty"`
	Why     string `json:"why,omitempty"`
}

type oneCase struct {
	Name    string `json:"name"`
	Kind    string `json:"kind,omitempty"`
	Object  object `json:"object,omitzero"`
	Patch   object `json:"patch,omitzero"`
	Then    object `json:"then,omitzero"`
	Refused string `json:"refused,omitempty"`
	Ours    any    `json:"ours,omitempty"`
	Why     string `json:"why,omitempty"`
	Steps   []step `json:"steps,omitempty"`
}

func main() {
	file := os.Args[1]
	var cases []oneCase
	must(json.Unmarshal(must1(os.ReadFile(file)), &cases))
	managers := map[string]*managedfields.FieldManager{}
	if len(os.Args) > 2 {
		managers = fieldManagers(os.Args[2])
	}
	out := bytes.NewBufferString("[\n")
	for n := range cases {
		if cases[n].Patch != nil {
			strategic(&cases[n])
		} else {
			run(managers[cases[n].Kind], &cases[n])
		}
		encoded := bytes.Buffer{}
		encoder := json.NewEncoder(&encoded)
		encoder.SetEscapeHTML(false)
		must(encoder.Encode(cases[n]))
		line := bytes.TrimSpace(encoded.Bytes())
		out.Write(line)
		if n+1 < len(cases) {
			out.WriteString(",")
		}
		out.WriteString("\n")
	}
	out.WriteString("]\n")
	must(os.WriteFile(file, out.Bytes(), 0o644))
}

func strategic(c *oneCase) {
	// What the libraries change must not show in what is written back.
	then, err := strategicpatch.StrategicMergeMapPatch(clone(c.Object), clone(c.Patch), kinds[c.Kind])
	c.Then, c.Refused = then, ""
	if err != nil {
		c.Then, c.Refused = nil, err.Error()
	}
}

func run(manager *managedfields.FieldManager, c *oneCase) {
	var live *unstructured.Unstructured
	for n := range c.Steps {
		s := &c.Steps[n]
		s.Then, s.Refused, s.Causes = nil, "", nil
		after, err := one(manager, c.Kind, live, s)
		var status *apierrors.StatusError
		switch {
		case errors.As(err, &status):
			s.Refused = status.ErrStatus.Message
			if status.ErrStatus.Details != nil {
				s.Causes = status.ErrStatus.Details.Causes
			}
		case err != nil:
			s.Refused = err.Error()
		default:
			live = after
			s.Then = timeless(clone(live.Object))
		}
	}
}

func one(manager *managedfields.FieldManager, kind string, live *unstructured.Unstructured, s *step) (*unstructured.Unstructured, error) {
	version := schema.GroupVersion{Group: "spdx.softwarecomposition.kubescape.io", Version: "v1beta1"}
	typed := func(o object) *unstructured.Unstructured {
		u := &unstructured.Unstructured{Object: o}
		if u.GetAPIVersion() == "" {
			u.SetGroupVersionKind(version.WithKind(kind))
		}
		return u
	}
	var result runtime.Object
	var err error
	switch {
	case s.Apply != nil:
		if live == nil {
			live = typed(object{})
		}
		result, err = manager.Apply(live.DeepCopy(), typed(clone(s.Apply)), s.By, s.Force)
	case s.Create != nil:
		result, err = manager.Update(typed(clone(blanks[kind])), typed(clone(s.Create)), s.By)
	default:
		next := live.DeepCopy()
		mergePatch(next.Object, clone(s.Merge))
		// As after a write: an object that was stored has a uid.
		before := live.DeepCopy()
		before.SetUID("u")
		next.SetUID("u")
		result, err = manager.Update(before, next, s.By)
		if err == nil {
			unstructured.RemoveNestedField(result.(*unstructured.Unstructured).Object, "metadata", "uid")
		}
	}
	if err != nil {
		return nil, err
	}
	return result.(*unstructured.Unstructured), nil
}

func mergePatch(into, patch object) {
	for key, value := range patch {
		switch value := value.(type) {
		case nil:
			delete(into, key)
		case object:
			below, ok := into[key].(object)
			if !ok {
				below = object{}
			}
			mergePatch(below, value)
			into[key] = below
		default:
			into[key] = value
		}
	}
}

func timeless(o object) object {
	metadata, _ := o["metadata"].(object)
	managed, _ := metadata["managedFields"].([]any)
	for _, entry := range managed {
		delete(entry.(object), "time")
	}
	return o
}

func fieldManagers(file string) map[string]*managedfields.FieldManager {
	var document struct {
		Components struct {
			Schemas map[string]*spec.Schema `json:"schemas"`
		} `json:"components"`
	}
	must(json.Unmarshal(must1(os.ReadFile(file)), &document))
	converter := must1(managedfields.NewTypeConverter(document.Components.Schemas, true))
	managers := map[string]*managedfields.FieldManager{}
	for kind := range kinds {
		gvk := schema.GroupVersionKind{Group: "spdx.softwarecomposition.kubescape.io", Version: "v1beta1", Kind: kind}
		managers[kind] = must1(managedfields.NewDefaultFieldManager(
			converter, asIs{}, asIs{}, asIs{}, gvk, gvk.GroupVersion(), "", nil))
	}
	return managers
}

// One version, no defaults.
type asIs struct{}

func (asIs) Convert(in, out, context any) error { return errors.New("not needed") }
func (asIs) ConvertToVersion(in runtime.Object, _ runtime.GroupVersioner) (runtime.Object, error) {
	return in, nil
}
func (asIs) ConvertFieldLabel(_ schema.GroupVersionKind, _, _ string) (string, string, error) {
	return "", "", errors.New("not needed")
}
func (asIs) Default(runtime.Object) {}
func (asIs) New(kind schema.GroupVersionKind) (runtime.Object, error) {
	u := &unstructured.Unstructured{Object: clone(blanks[kind.Kind])}
	u.SetGroupVersionKind(kind)
	return u, nil
}

func clone(o object) object {
	return runtime.DeepCopyJSON(whole(o).(object))
}

// JSON numbers as Kubernetes reads them.
func whole(value any) any {
	switch value := value.(type) {
	case object:
		for key := range value {
			value[key] = whole(value[key])
		}
	case []any:
		for n := range value {
			value[n] = whole(value[n])
		}
	case float64:
		if value == float64(int64(value)) {
			return int64(value)
		}
	}
	return value
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func must1[T any](value T, err error) T {
	must(err)
	return value
}
