import { flagOf, OPTION_TABLE, variableOf, type OptionRow } from './option-table.ts'

/** The manual page of `drayd`, in the language of man(7). */
export function manualPage(): string {
  return [
    '.TH DRAYD 8 "" Drayage "System administration"',
    '.SH NAME',
    'drayd \\- the image part of Docker Engine as a daemon',
    '.SH SYNOPSIS',
    '.B drayd',
    '.RI [ option ...]',
    '.br',
    '.B drayd check\\-config',
    '.RI [ option ...]',
    '.SH DESCRIPTION',
    'drayd owns a store of container images and serves the Docker Engine API for images on a socket: the docker command',
    'and every other client of that API can pull, push, list, inspect, tag, save, load and remove images with it.',
    'dray(1) may use the same store at the same time.',
    '.PP',
    '.B check\\-config',
    'reads the configuration, says what is wrong with it, and prints its values.',
    '.SH OPTIONS',
    'Each option is a flag, a variable of the environment and a key of the configuration file; a flag wins over a variable',
    'and a variable over the file. Lists are separated by commas, and are arrays in the file.',
    '.TP',
    '.B \\-\\-config \\fIfile\\fR',
    'The configuration file, in TOML. [$DRAYD_CONFIG]',
    ...OPTION_TABLE.flatMap(optionLines),
    '.SH SIGNALS',
    '.TP',
    '.B SIGHUP',
    'Reads the configuration again and applies the options that are marked as live.',
    '.TP',
    '.B SIGTERM, SIGINT',
    'Takes no new requests, waits for those that run, then pauses their transfers and ends. What was transferred stays.',
    '.SH EXIT STATUS',
    '0 when it was told to end, 2 for a configuration that cannot be used, 1 for any other failure.',
    '.SH FILES',
    '.TP',
    '.I /run/drayd.sock',
    'The default socket, for root and the group docker.',
    '.TP',
    '.I /var/lib/drayage',
    'The default store of root.',
    '.SH SEE ALSO',
    'dray(1), docker(1), systemd.socket(5)',
    '',
  ].join('\n')
}

function optionLines(row: OptionRow): string[] {
  const { key, help, fallback, isLive, choices, kind } = row
  const value = kind === 'switch' ? '' : ' \\fIvalue\\fR'
  const sentence = `${help.charAt(0).toUpperCase()}${help.slice(1)}.`
  return [
    '.TP',
    `.B ${escape(flagOf(row))}${value}`,
    escape(sentence),
    ...(choices === undefined ? [] : [`One of ${choices.join(', ')}.`]),
    ...(fallback === undefined ? [] : [escape(`Default: ${fallback}.`)]),
    escape(`[${key}, $${variableOf(row)}${isLive === true ? ', live' : ''}]`),
  ]
}

function escape(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/, '\\&$1')
}
