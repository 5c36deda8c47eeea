/** Streams of the programs `bzip2` 1.0.8 and `xz` 5.4, in base64, and what they inflate to. */
export interface PackedSample {
  readonly name: string
  readonly compression: 'bzip2' | 'xz'
  readonly packed: Uint8Array
  readonly bytes: Uint8Array
}

const text = Buffer.from('anchor buoy crane dock '.repeat(3000))
const zeros = Buffer.alloc(2_500_000)
const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
const none = Buffer.alloc(0)

function sample(name: string, compression: 'bzip2' | 'xz', packed: string, bytes: Uint8Array): PackedSample {
  return { name, compression, packed: Buffer.from(packed, 'base64'), bytes }
}

/** One sample for each way to write the two formats. */
export const SAMPLES: readonly PackedSample[] = [
  sample(
    'bzip2 -1',
    'bzip2',
    'QlpoMTFBWSZTWe8CAjoAHUuRgEAAPkmSIDAAsBANAAmqpoBpoQDQB3UIWahC1UIXlQhcVCFvUIW1QhZqEL6oQsVQhYqEL2qELyqELNQhfVCFqoQu6hC5qELVQhYqEL8XckU4UJDvAgI6',
    text,
  ),
  sample(
    'bzip2 -9',
    'bzip2',
    'QlpoOTFBWSZTWe8CAjoAHUuRgEAAPkmSIDAAsBANAAmqpoBpoQDQB3UIWahC1UIXlQhcVCFvUIW1QhZqEL6oQsVQhYqEL2qELyqELNQhfVCFqoQu6hC5qELVQhYqEL8XckU4UJDvAgI6',
    text,
  ),
  sample(
    'bzip2 of three blocks of zeros',
    'bzip2',
    'QlpoOTFBWSZTWcu1tbsAEyXAAcAAAIAACCAAMMwFKaakRRsFEUeLuSKcKEhl2trdgA==',
    zeros,
  ),
  sample('bzip2 of nothing', 'bzip2', 'QlpoORdyRThQkAAAAAA=', none),
  sample(
    'bzip2 of every byte',
    'bzip2',
    'QlpoOTFBWSZTWba17pUAAAB/////////////////////////////////////////////sADFUgAAAAAAAAAAAAAAAAAAAAABMAmAAAAAAAAAAAAAAEwABMAEmAAmAAJgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAkwAEwABMAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAPwCAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+P0BBQkNERUZHSElKS0xNTk9QUVJTVFVWV1hZWltcXV5fYGFiY2RhYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ent8fX5/gIGCg4SFhoeIiYqLjI2Oj5CRkpWWl5iZmpucnZ6foKGio6SlpqeoqaqrrK2ur7CxsrO0tba3uLm6u7y9vr/AwcLDxMXGxcbHyMnKy8zNzs/Q0dLT1NXW19jZ2tvc3d7f4OHi4+Tl5ufo6err7O3u7/Dx8vP09fb3+Pn6+/z9F3JFOFCQtrXulQ=',
    every,
  ),
  sample(
    'xz with CRC64',
    'xz',
    '/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4Q2HAGZdADCbiI2LOegok0qz/ksoOqhXKUb5Pn5kO3+NHirag30L6ec/NE3iUDROt24u0YdSpzMN/mBHLeS+nV3/8N2ak9IYuj4DnToYUn79+q4iJ0+Z6sa/5QrQgH9sHPzU+RjZr0CS3P8AAAAAAC7A/I/CM+KOAAGCAYibBAB/RIoQscRn+wIAAAAABFla',
    text,
  ),
  sample(
    'xz with CRC32',
    'xz',
    '/Td6WFoAAAFpIt42AgAhARYAAAB0L+Wj4Q2HAGZdADCbiI2LOegok0qz/ksoOqhXKUb5Pn5kO3+NHirag30L6ec/NE3iUDROt24u0YdSpzMN/mBHLeS+nV3/8N2ak9IYuj4DnToYUn79+q4iJ0+Z6sa/5QrQgH9sHPzU+RjZr0CS3P8AAAAAAJo8Xs8AAX6ImwQAAEaNox4+MA2LAgAAAAABWVo=',
    text,
  ),
  sample(
    'xz without a check',
    'xz',
    '/Td6WFoAAAD/EtlBAgAhARYAAAB0L+Wj4Q2HAGZdADCbiI2LOegok0qz/ksoOqhXKUb5Pn5kO3+NHirag30L6ec/NE3iUDROt24u0YdSpzMN/mBHLeS+nV3/8N2ak9IYuj4DnToYUn79+q4iJ0+Z6sa/5QrQgH9sHPzU+RjZr0CS3P8AAAAAAAABeoibBAAAUM8yhagACvwCAAAAAABZWg==',
    text,
  ),
  sample(
    'xz -9e',
    'xz',
    '/Td6WFoAAATm1rRGAgAhARwAAAAQz1jM//8RAWxdAABv/f//o7f/Rz5IFXI5YVG4kijmo4YH+e7kHoLTL8U6PAFLsX7JiopNL6MN2X+m44wjEVPgWRjFdYrid/i2lH8MasDedElk4ulcU7IE2PdEDKtfDW1G6eXDdoi3llestk3haR1v+0uIEGxCy4g/XACP0E6vJiiUcR89jyThcJ6nI1/sKMuF0ZWYin4qkfIndfcZwAaYTZj92K/VkA/EJVP49ZE2MQWlsO5vwXBNRwzRkRGqrWAdus6xJxhcWYbpZlJYvul2rFnk5VsFCPnH2q38+1IrdM0eWyBC+d1TPfgpZAk7gMsqbN+1O/DEvS5fqg8+S2ZCkBMO/xCT+HF4WfgLzf+VKEYPqfx83vuaMC5WwI+F84OBwGXEJVP49ZE2MQWlsO5vwXBNRwzRkRGqrWAdus6xJxhcWYbpZlJYvul2rFnk5VsFCPnH2q38+1IrdM0eWyBC+d1TPfgpZAk7gMsqbN+1O/DEvEgn5liGJo0APgDsc1On/b6ufDEan7eNMW5wnqcjX+woy4XRlZiKfiqR8id19xnABphNmP3Yr9WQD8QlU/j1kTYxBaOokZMAAAAST/AK3uQtlwABzAOgy5gB4iDR/LHEZ/sCAAAAAARZWg==',
    zeros,
  ),
  sample(
    'xz of blocks',
    'xz',
    '/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj56EfAIxdAABv/f//o7f/Rz5IFXI5YVG4kijmo4YH+e7kHoLTL8U6PAFLsX7JiopNL6MN2X+m44wjEVPgWRjFdYrid/i2lH8MasDedElk4ulcU7IE2PdEDKtfDW1G6eXDdoi3llestk3haR1v+0uIEGxCy4g/XACP0E6vJiiUcR89jyThcJ6nI1/sKMuFzbGsRQAAALK4B3n5xC6uAgAhARYAAAB0L+Wj56EfAIxdAABv/f//o7f/Rz5IFXI5YVG4kijmo4YH+e7kHoLTL8U6PAFLsX7JiopNL6MN2X+m44wjEVPgWRjFdYrid/i2lH8MasDedElk4ulcU7IE2PdEDKtfDW1G6eXDdoi3llestk3haR1v+0uIEGxCy4g/XACP0E6vJiiUcR89jyThcJ6nI1/sKMuFzbGsRQAAALK4B3n5xC6uAgAhARYAAAB0L+Wj56EfAIxdAABv/f//o7f/Rz5IFXI5YVG4kijmo4YH+e7kHoLTL8U6PAFLsX7JiopNL6MN2X+m44wjEVPgWRjFdYrid/i2lH8MasDedElk4ulcU7IE2PdEDKtfDW1G6eXDdoi3llestk3haR1v+0uIEGxCy4g/XACP0E6vJiiUcR89jyThcJ6nI1/sKMuFzbGsRQAAALK4B3n5xC6uAgAhARYAAAB0L+Wj56EfAIxdAABv/f//o7f/Rz5IFXI5YVG4kijmo4YH+e7kHoLTL8U6PAFLsX7JiopNL6MN2X+m44wjEVPgWRjFdYrid/i2lH8MasDedElk4ulcU7IE2PdEDKtfDW1G6eXDdoi3llestk3haR1v+0uIEGxCy4g/XACP0E6vJiiUcR89jyThcJ6nI1/sKMuFzbGsRQAAALK4B3n5xC6uAgAhARYAAAB0L+Wj56EfAIxdAABv/f//o7f/Rz5IFXI5YVG4kijmo4YH+e7kHoLTL8U6PAFLsX7JiopNL6MN2X+m44wjEVPgWRjFdYrid/i2lH8MasDedElk4ulcU7IE2PdEDKtfDW1G6eXDdoi3llestk3haR1v+0uIEGxCy4g/XACP0E6vJiiUcR89jyThcJ6nI1/sKMuFzbGsRQAAALK4B3n5xC6uAAWoAaDCHqgBoMIeqAGgwh6oAaDCHqgBoMIeAMcO6lUCVaqrBwAAAAAEWVo=',
    zeros,
  ),
  sample('xz of nothing', 'xz', '/Td6WFoAAATm1rRGAAAAABzfRCEftvN9AQAAAAAEWVo=', none),
  sample(
    'xz of every byte',
    'xz',
    '/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4AD/AOpdAAAAUlAKhPmbsoAhqWnWJ+A+BlpfBI1T1AS6OVcFCcFVJN6duHFZMWChn/lvSXPyyOqMuhqLKWkhgP4zg2avRm3snomKC4PwPA6Jjj/tX+eekNkc/zL0suA5UbLSFBW0xXG62wbjeZqfuzjBsACskwuqBhkDEggVW5vISPAyLv4toIfI8KTg0lHrjWdWkrJNhMXxhjHfamJbwnkt2fc8c7p0dAfYPKlWIiShZvhahF8wZ9L2S0kufyDr2/gQDpR4d8c/a++0zZXib/ZEbgbPC4Iay9t68FeNmP+QwD7mwRJBde4DKJbrCTcOHgAAALA622UvS0FyAAGGAoACAAAtEqGfscRn+wIAAAAABFla',
    every,
  ),
]
