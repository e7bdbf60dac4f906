using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace RufusIngest.Tool.Probe;

/// <summary>
/// Takes the API key out of texts, in whatever spelling a server may give it back: another case, escaped for JSON (also
/// twice), a URL or HTML, in UTF-16, in base64.
/// </summary>
sealed class KeyCleaner(string key)
{
    const string Instead = "[key]";
    const int ShortestCode = 8;

    readonly Regex _key = new(
        string.Join('|', Codes(key).Select(Code).Prepend(string.Join(@"\0{0,3}", key.Select(Spellings)))),
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    public string Clean(string text) => _key.Replace(text, Instead);

    /// <summary>The same, as one short line.</summary>
    public string Line(string text, int length = 160)
    {
        string clean = new([.. Clean(text).Select(c => char.IsControl(c) ? ' ' : c)]);
        return clean.Length <= length ? clean : clean[..length] + "…";
    }

    static string Spellings(char c)
    {
        string hex = ((int)c).ToString("x2", CultureInfo.InvariantCulture);
        string number = ((int)c).ToString(CultureInfo.InvariantCulture);
        return $@"(?:\\{{0,4}}{Regex.Escape(c.ToString())}|%(?:25){{0,2}}{hex}|\\{{1,4}}u00{hex}"
            + $"|&#0{{0,4}}{number};?|&#x0{{0,4}}{hex};?)";
    }

    /// <summary>The parts of a base64 text that are the key's alone, for each place it can have in a group.</summary>
    static IEnumerable<string> Codes(string key)
    {
        for (int before = 0; before < 3; before++)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(new string(' ', before) + key);
            string code = Convert.ToBase64String(bytes)[..(bytes.Length * 8 / 6)][(before == 0 ? 0 : before + 1)..];
            if (code.Length >= ShortestCode)
                yield return code;
        }
    }

    static string Code(string code) =>
        string.Concat(code.Select(c => c is '+' ? "[+-]" : c is '/' ? "[/_]" : Regex.Escape(c.ToString())));
}
