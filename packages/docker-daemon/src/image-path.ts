/**
 * The name of an image as a part of a URL's path.
 *
 * @throws RangeError for text that can be neither a reference nor an ID
 */
export function imagePath(name: string): string {
  const segments = name.split('/')
  // Engines clean paths before they route them.
  if (segments.some((segment) => /^\.{0,2}$/.test(segment))) {
    throw new RangeError(`Cannot use image name ${JSON.stringify(name.slice(0, 160))}: expected a reference or an ID`)
  }
  return segments.map(encodeURIComponent).join('/')
}
