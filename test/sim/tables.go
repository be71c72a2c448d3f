package sim

import (
	"reflect"
	"unsafe"
)

// Tables are what lives in a value: how many things each of its tables (maps,
// slices) holds, by the type and field that the table is in, and the bytes of all.
// The fields are found by looking, so that a table that somebody adds tomorrow is
// counted too. What a function has captured cannot be seen.
type Tables struct {
	Items map[string]int
	Bytes int
}

// tables counts what can be reached from a value.
func tables(v any) Tables {
	c := counter{t: Tables{Items: map[string]int{}}, seen: map[place]bool{}}
	c.add("", reflect.ValueOf(v))
	for len(c.todo) > 0 {
		last := c.todo[len(c.todo)-1]
		c.todo = c.todo[:len(c.todo)-1]
		c.look(last.table, last.v)
	}
	return c.t
}

// counter walks with a list of its own: the cache's entries are a chain of
// thousands of pointers, which no stack should follow.
type counter struct {
	t    Tables
	seen map[place]bool
	todo []found
}

// place is an address and a type: a struct and its first field share the address.
type place struct {
	at unsafe.Pointer
	of reflect.Type
}

type found struct {
	table string
	v     reflect.Value
}

func (c *counter) add(table string, v reflect.Value) {
	if v.IsValid() && points(v.Type()) {
		c.todo = append(c.todo, found{table, v})
	}
}

func (c *counter) look(table string, v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface:
		c.add(table, v.Elem())
	case reflect.Pointer:
		if !v.IsNil() && c.first(v) {
			c.t.Bytes += int(v.Type().Elem().Size())
			c.add(table, v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			c.add(v.Type().String()+"."+v.Type().Field(i).Name, v.Field(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			c.add(table, v.Index(i))
		}
	case reflect.String:
		c.t.Bytes += v.Len()
	case reflect.Slice:
		c.slice(table, v)
	case reflect.Map:
		c.table(table, v)
	}
}

func (c *counter) slice(table string, v reflect.Value) {
	if v.Cap() == 0 || !c.first(v) {
		return
	}
	c.t.Bytes += v.Cap() * int(v.Type().Elem().Size())
	if v.Type().Elem().Kind() == reflect.Uint8 {
		return // bytes, and no table
	}
	c.t.Items[table] += v.Len()
	for i := range v.Len() {
		c.add(table, v.Index(i))
	}
}

func (c *counter) table(table string, v reflect.Value) {
	if v.IsNil() || !c.first(v) {
		return
	}
	c.t.Items[table] += v.Len()
	c.t.Bytes += v.Len() * int(v.Type().Key().Size()+v.Type().Elem().Size())
	for all := v.MapRange(); all.Next(); {
		c.add(table, all.Key())
		c.add(table, all.Value())
	}
}

// first reports whether what v points to was not met before.
func (c *counter) first(v reflect.Value) bool {
	p := place{v.UnsafePointer(), v.Type()}
	if c.seen[p] {
		return false
	}
	c.seen[p] = true
	return true
}

// points reports whether a value of the type can lead anywhere.
func points(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Interface, reflect.Pointer, reflect.Struct, reflect.String, reflect.Slice, reflect.Map:
		return true
	case reflect.Array:
		return points(t.Elem())
	}
	return false
}
