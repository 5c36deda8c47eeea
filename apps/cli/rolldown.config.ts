import { bundleApp } from '../../scripts/bundle-app.ts'

export default bundleApp('dray')
