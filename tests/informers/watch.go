package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/cache"
	retry "k8s.io/client-go/tools/watch"
)

// watchAll prints each event of each resource as it comes, going on from the
// last version when a connection ends, until the object that its input names
// has come for every resource.
func watchAll(ctx context.Context, o options) error {
	client, err := dynamic.NewForConfig(o.config)
	if err != nil {
		return err
	}
	var lock sync.Mutex
	out := bufio.NewWriter(os.Stdout)
	say := func(format string, values ...any) {
		lock.Lock()
		defer lock.Unlock()
		fmt.Fprintf(out, format+"\n", values...)
	}
	ends := make(chan error, len(o.resources))
	for _, resource := range o.resources {
		go func() { ends <- watchOne(ctx, client, resource, o.from, say) }()
	}
	say("watching")
	out.Flush()
	for range o.resources {
		if err := <-ends; err != nil {
			return err
		}
	}
	say("done")
	return out.Flush()
}

func watchOne(ctx context.Context, client dynamic.Interface, resource schema.GroupVersionResource, from string, say func(string, ...any)) error {
	source := &cache.ListWatch{WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
		return client.Resource(resource).Watch(ctx, options)
	}}
	events, err := retry.NewRetryWatcherWithContext(ctx, from, source)
	if err != nil {
		return err
	}
	defer events.Stop()
	for event := range events.ResultChan() {
		if event.Type == watch.Error {
			return fmt.Errorf("%s: %w", resource.Resource, apierrors.FromObject(event.Object))
		}
		one, err := meta.Accessor(event.Object)
		if err != nil {
			return err
		}
		if event.Type == watch.Bookmark {
			continue
		}
		say("event %s %s %s/%s %s", event.Type, resource.Resource, one.GetNamespace(), one.GetName(), one.GetResourceVersion())
		if strings.HasPrefix(one.GetName(), "zz-end") {
			return nil
		}
	}
	return fmt.Errorf("%s: the watch ended", resource.Resource)
}
