"""The coins of the simulated CoinGecko: who they are, and how many there are of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Coin:
    """One coin. `price` is in USD and invented; a coin with a `pair` takes the market's price."""

    id: str
    symbol: str
    name: str
    image: str
    price: float
    circulating: float
    total: float | None
    most: float | None = None
    pair: str | None = None
    sway: float = 1.1
    """How strongly the price follows the market's; 0 for coins that hold a fixed value."""


def _coin(line: str) -> Coin:
    words = [word.strip() for word in line.split("|")]
    name, coin_id, symbol, image, price, circulating, total, most, pair, sway = words
    return Coin(
        coin_id,
        symbol,
        name,
        image,
        float(price),
        float(circulating),
        float(total) if total else None,
        float(most) if most else None,
        pair or None,
        float(sway) if sway else 1.1,
    )


COINS: Final = tuple(
    _coin(line)
    for line in """
Bitcoin|bitcoin|btc|1/large/bitcoin.png|90000|19960000|19960000|21000000|BTCUSDT|
Ethereum|ethereum|eth|279/large/ethereum.png|3100|120690000|120690000||ETHUSDT|
Tether|tether|usdt|325/large/Tether.png|1|184200000000|189600000000|||0
XRP|ripple|xrp|44/large/xrp-symbol-white-128.png|2.3|60300000000|99985000000|100000000000|XRPUSDT|
BNB|binancecoin|bnb|825/large/bnb-icon2_2x.png|880|137730000|137730000|200000000|BNBUSDT|
Solana|solana|sol|4128/large/solana.png|185|558000000|615000000||SOLUSDT|
USDC|usd-coin|usdc|6319/large/usdc.png|1|75400000000|75410000000|||0
TRON|tron|trx|1094/large/tron-logo.png|0.29|94680000000|94680000000||TRXUSDT|
Dogecoin|dogecoin|doge|5/large/dogecoin.png|0.21|151900000000|151900000000||DOGEUSDT|
Cardano|cardano|ada|975/large/cardano.png|0.62|36400000000|45000000000|45000000000|ADAUSDT|
Chainlink|chainlink|link|877/large/chainlink.png|16.5|696800000|1000000000|1000000000|LINKUSDT|
Litecoin|litecoin|ltc|2/large/litecoin.png|95|76500000|84000000|84000000|LTCUSDT|
Monero|monero|xmr|69/large/monero_logo.png|310|18440000|18440000|||0.8
Tide|tide-2|tide|90001/large/tide.png|0.7|410000000|1000000000|1000000000|TIDEUSDT|
Decred|decred|dcr|329/large/decred.png|22|17100000|17100000|21000000||0.9
Hyperliquid|hyperliquid|hype|50882/large/hyperliquid.jpg|38|270000000|999000000|1000000000||1.4
Stellar|stellar|xlm|100/large/fmpFRHHQ_400x400.jpg|0.31|32000000000|50001000000|50001806812||1.2
Bitcoin Cash|bitcoin-cash|bch|780/large/bitcoin-cash-circle.png|520|19940000|19950000|21000000||1.0
Sui|sui|sui|26375/large/sui-ocean-square.png|2.4|3680000000|10000000000|10000000000||1.4
Avalanche|avalanche-2|avax|12559/large/avalanche.png|22|427000000|460000000|720000000||1.3
Hedera|hedera-hashgraph|hbar|3688/large/hbar.png|0.17|42500000000|50000000000|50000000000||1.3
LEO Token|leo-token|leo|8418/large/leo-token.png|9.4|922000000|985000000|||0.2
Shiba Inu|shiba-inu|shib|11939/large/shiba.png|0.0000104|589200000000000|589500000000000|||1.4
Toncoin|the-open-network|ton|17980/large/photo.jpg|2.3|2510000000|5140000000|||1.2
Cronos|crypto-com-chain|cro|7310/large/cro.png|0.14|36000000000|98400000000|100000000000||1.1
Polkadot|polkadot|dot|12171/large/polkadot.jpg|3.3|1640000000|1640000000|2100000000||1.3
Dai|dai|dai|9956/large/Badge_Dai.png|1|4500000000|4500000000|||0
Uniswap|uniswap|uni|12504/large/uniswap-logo.png|6.4|630000000|1000000000|1000000000||1.3
Mantle|mantle|mnt|30980/large/Mantle-Logo-mark.png|1.3|3250000000|6220000000|6219316794||1.2
Aave|aave|aave|12645/large/aave-token-round.png|210|15200000|16000000|16000000||1.4
NEAR Protocol|near|near|10365/large/near.jpg|2.4|1280000000|1280000000|||1.4
Bitget Token|bitget-token|bgb|11610/large/Bitget_logo.png|4.4|700000000|920000000|||0.6
OKB|okb|okb|4463/large/okb.png|120|21000000|21000000|21000000||0.7
Internet Computer|internet-computer|icp|14495/large/icp.png|4.6|539000000|539000000|||1.4
Ethereum Classic|ethereum-classic|etc|453/large/etc.png|16|154000000|210700000|210700000||1.2
Pepe|pepe|pepe|29850/large/pepe.jpeg|0.0000062|420690000000000|420690000000000|420690000000000||1.8
Aptos|aptos|apt|26455/large/aptos_round.png|3.2|718000000|1190000000|||1.4
Ondo|ondo-finance|ondo|26580/large/ONDO.png|0.66|3160000000|10000000000|10000000000||1.4
World|worldcoin-wld|wld|31069/large/worldcoin.jpeg|0.82|2250000000|10000000000|10000000000||1.6
Polygon|polygon-ecosystem-token|pol|32440/large/polygon.png|0.18|10540000000|10540000000|||1.3
Arbitrum|arbitrum|arb|16547/large/arb.jpg|0.28|5500000000|10000000000|10000000000||1.4
Kaspa|kaspa|kas|25751/large/kaspa-icon-exchanges.png|0.055|26900000000|26900000000|28704026601||1.3
Algorand|algorand|algo|4380/large/download.png|0.17|8820000000|8820000000|10000000000||1.3
VeChain|vechain|vet|1167/large/VET.png|0.017|85985000000|85985000000|86712634466||1.3
Cosmos Hub|cosmos|atom|1481/large/cosmos_hub.png|3.1|478000000|478000000|||1.2
Filecoin|filecoin|fil|12817/large/filecoin.png|1.9|710000000|1960000000|1960000000||1.4
Render|render-token|render|11636/large/rndr.png|2.4|518000000|533000000|644168762||1.6
Sei|sei-network|sei|28205/large/sei.png|0.17|6250000000|10000000000|10000000000||1.5
Bonk|bonk|bonk|28600/large/bonk.jpg|0.0000125|82600000000000|87900000000000|||1.8
Jupiter|jupiter-exchange-solana|jup|34188/large/jup.png|0.31|3170000000|7000000000|10000000000||1.6
Optimism|optimism|op|25244/large/Optimism.png|0.38|1880000000|4294967296|4294967296||1.5
Injective|injective-protocol|inj|12882/large/Other_200x200.png|6.8|99970000|100000000|||1.5
Stacks|blockstack|stx|2069/large/Stacks_Logo_png.png|0.38|1810000000|1818000000|1818000000||1.4
Immutable|immutable-x|imx|17233/large/imx.png|0.39|1950000000|2000000000|2000000000||1.5
The Graph|the-graph|grt|13397/large/Graph_Token.png|0.06|10470000000|10800000000|10800262816||1.4
Lido DAO|lido-dao|ldo|13573/large/Lido_DAO.png|0.78|895000000|1000000000|1000000000||1.5
Tezos|tezos|xtz|976/large/Tezos-logo.png|0.58|1060000000|1080000000|||1.2
Gala|gala|gala|12493/large/gala.png|0.0098|46100000000|46100000000|50000000000||1.6
IOTA|iota|iota|692/large/IOTA_Thumbnail.png|0.13|4130000000|4740000000|||1.4
Flow|flow|flow|13446/large/flow.png|0.27|1620000000|1620000000|||1.4
The Sandbox|the-sandbox|sand|12129/large/sandbox_logo.jpg|0.2|2590000000|3000000000|3000000000||1.5
Theta Network|theta-token|theta|2538/large/theta.png|0.5|1000000000|1000000000|1000000000||1.4
Decentraland|decentraland|mana|878/large/decentraland-mana.png|0.22|1920000000|2190000000|||1.4
MultiversX|elrond-erd-2|egld|12335/large/egld.png|9.8|28900000|28900000|31415926||1.4
Zcash|zcash|zec|486/large/circle-zcash-color.png|310|16290000|16290000|21000000||1.0
EOS|eos|eos|738/large/CG_EOS_Icon.png|0.24|1590000000|2100000000|2100000000||1.3
Neo|neo|neo|480/large/NEO_512_512.png|4.3|70530000|100000000|||1.2
Curve DAO|curve-dao-token|crv|12124/large/Curve.png|0.45|1420000000|2340000000|3030303030||1.5
Pyth Network|pyth-network|pyth|31924/large/pyth.png|0.09|5750000000|10000000000|10000000000||1.5
Dash|dash|dash|19/large/dash-logo.png|44|12500000|12500000|18900000||1.1
Kava|kava|kava|9761/large/kava.png|0.15|1082000000|1082000000|||1.4
Zilliqa|zilliqa|zil|2687/large/Zilliqa-logo.png|0.0074|19600000000|20500000000|21000000000||1.4
Basic Attention|basic-attention-token|bat|677/large/bat.png|0.17|1490000000|1500000000|||1.2
Quiet Harbour|quiet-harbour|quiet|90002/large/quiet.png|0.9|0|||| 1.0
Lantern|lantern-3|lant|90003/large/lantern.png|0.004|0|900000000|||1.0
""".strip().splitlines()
)
"""More than sixty. Of the last two the circulating supply is unknown, so that market cap, rank and
more are null, as they are for many small coins of the real service."""
