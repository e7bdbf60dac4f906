namespace RufusIngest.Simulators;

/// <summary>
/// One athlete, with a chip for each kind of reader. The CloudBox chip's EPC has nothing to do with its printed number,
/// as on encrypted tags. A bit of the mask, counted by <see cref="ReaderProtocol"/>, means a chip not in the list.
/// </summary>
internal sealed record RaceRunner(
    string Bib, string IpicoTag, string CloudBoxTag, string Epc, string UltraChip, int UnlistedMask)
{
    public string Chip(ReaderProtocol protocol) => protocol switch
    {
        ReaderProtocol.Ipico => IpicoTag,
        ReaderProtocol.CloudBox => CloudBoxTag,
        _ => UltraChip,
    };

    public bool IsListed(ReaderProtocol protocol) => (UnlistedMask & (1 << (int)protocol)) == 0;

    public string ExpectedBib(ReaderProtocol protocol) => IsListed(protocol) ? Bib : Chip(protocol);
}
