import type { Exchange } from './exchange.ts'

/** What events of an image tell beside its name: its labels. Nothing of an image that is gone meanwhile. */
export async function imageAttributes({ runtime }: Exchange, image: string): Promise<Readonly<Record<string, string>>> {
  try {
    const { images } = await runtime.openStore()
    const { value } = await images.readConfig(await images.find(image))
    return value.config?.Labels ?? {}
  } catch {
    return {}
  }
}
