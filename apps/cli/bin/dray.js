#!/usr/bin/env node
console.log('wip')
