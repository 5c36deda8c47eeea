import { defaultText, flagOf, OPTION_TABLE, variableOf, type OptionRow } from './option-table.ts'

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
    'drayd serves the Docker Engine API for images on a socket: the docker command and every other client of that API can',
    'pull, push, list, inspect, tag, save, load and remove images with it. dray(1) can use the same store at the same time.',
    '.PP',
    '.B check\\-config',
    'checks the configuration, reports what is wrong with it, and prints its values.',
    '.SH OPTIONS',
    'Each option is a flag, an environment variable and a key of the configuration file; a flag takes precedence over a',
    'variable, and a variable over the file. Lists are separated by commas, and are arrays in the file.',
    '.TP',
    '.B \\-\\-config \\fIfile\\fR',
    'The configuration file, in TOML. [$DRAYD_CONFIG]',
    ...OPTION_TABLE.flatMap(optionLines),
    '.SH SIGNALS',
    '.TP',
    '.B SIGHUP',
    'Reads the configuration again and applies the options that are marked live.',
    '.TP',
    '.B SIGTERM, SIGINT',
    'Accepts no new requests, waits for those that are running, then pauses their transfers and exits. Transferred bytes',
    'are kept.',
    '.SH EXIT STATUS',
    '0 after a signal to stop, 2 for an unusable configuration, 1 for any other failure.',
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
  const { key, help, isLive, choices, kind } = row
  const fallback = defaultText(row)
  const value = kind === 'switch' ? '' : ' \\fIvalue\\fR'
  return [
    '.TP',
    `.B ${escape(flagOf(row))}${value}`,
    escape(`${help}.`),
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
